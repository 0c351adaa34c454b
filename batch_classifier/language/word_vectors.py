"""Words and tokens as vectors: the weights that come with the package wordllama (MIT licence).

32,000 tokens of 256 numbers, distilled from Llama 2's.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

DIMENSIONS = 256


def sums_of_rows(tokens: "NDArray[np.int64]", counts: "NDArray[np.int64]") -> "Floats":
    """For each of some lists of tokens, one after the other in `tokens`, the sum of their vectors; `counts` is how many each has."""
    return summed(_model()[1], tokens, counts)


def token_vectors() -> "Floats":
    """The vectors of all tokens, one row each."""
    return _model()[1]


def summed(
    table: "Floats", rows: "NDArray[np.int64]", counts: "NDArray[np.int64]", weights: "Floats | None" = None
) -> "Floats":
    """The sums of rows of a table: of its first `counts[0]` in `rows`, then of the next `counts[1]`, and so on.

    Each sum is made by itself, in the order of its rows; `weights` is what each of them counts, 1 where it is None.
    """
    import numpy as np
    from scipy import sparse

    ends = np.concatenate([[0], np.cumsum(counts)])
    data = np.ones(len(rows), np.float32) if weights is None else weights
    chosen = sparse.csr_matrix((data, rows, ends), shape=(len(counts), len(table)))
    result: Floats = chosen @ table
    return result


def token_ids(texts: Sequence[str]) -> "list[NDArray[np.int64]]":
    """The numbers of each text's tokens."""
    import numpy as np

    encodings = _model()[0].encode_batch_fast(list(texts), add_special_tokens=False)
    return [np.array(encoding.ids, np.int64) for encoding in encodings]


def normalised(vectors: "Floats") -> "Floats":
    """The vectors, each of length 1; one that is next to nothing stays so."""
    import numpy as np

    result: Floats = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
    return result


def one_thread() -> AbstractContextManager[object]:
    """While it lasts, matrices are multiplied by one thread: for small ones more threads mostly wait for each other, three times as long."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@lru_cache(maxsize=1)
def _controller() -> Any:
    # Only libraries that are loaded by then are limited: scipy brings one of its own, with which models are trained.
    import numpy  # noqa: F401
    import scipy.linalg  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@lru_cache(maxsize=1)
def begins_word() -> "NDArray[np.bool_]":
    """For each token whether a word begins with it."""
    import numpy as np

    tokenizer = _model()[0]
    return np.array([tokenizer.id_to_token(token).startswith("▁") for token in range(tokenizer.get_vocab_size())])


@lru_cache(maxsize=1)
def _model() -> "tuple[Any, Floats]":
    """Tokenizer and weights from wordllama's files; importing the package would take longer than reading them."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    spec = find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("wordllama is not installed; the local engine needs the weights that it ships.")
    package = Path(spec.submodule_search_locations[0])
    tokenizer = Tokenizer.from_file(str(package / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    weights = load_file(package / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]
    return tokenizer, weights.astype("float32")
