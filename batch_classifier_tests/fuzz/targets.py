"""What must hold for whatever a file or an answer holds: the readers, the prompt loader and the answer parser under fire."""

import faulthandler
import io
import os
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NoReturn

import pyarrow as pa

# Loaded here, so that the copies of this process have them.
import pyarrow.parquet
import python_calamine
import yaml

from batch_classifier.answers.answer_text import parse_json, parse_tags
from batch_classifier.answers.labels import Labels
from batch_classifier.errors import PromptError, UnreadableFile
from batch_classifier.limits import Limits
from batch_classifier.prompts.bounded_rendering import BoundedRenderer
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.raw_requests import Requests
from batch_classifier.requests.readers.formats import Rows, read_rows
from batch_classifier.requests.readers.parquet import read_parquet
from batch_classifier.requests.readers.reader_process import limit_memory
from batch_classifier.requests.readers.rows import Block, pieces
from batch_classifier.requests.readers.workbook import read_workbook
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier_tests.support.prompt_content import prompt_content

PRELOADED = (pyarrow.parquet, python_calamine)
CORPUS = Path(__file__).parent / "corpus"
# Stands in the texts of the corpus, and in no column's name: it must not come out in an error.
SECRET = "Rosebud"
# Far below what the settings allow, so that a limit is met with files of this size.
LIMITS = Limits(file_bytes=50_000_000, cell_bytes=1_000_000, unpacked_ratio=200)
NAMES = ("Billing", "Travel Information", "24/7 Support", "Other")
LABELS = Labels(NAMES)
_PACKED = (".xlsx", ".ods", ".xls", ".parquet")
_MEMORY_BYTES = 4 << 30
# What a pipe takes without a reader.
_LONGEST_TOLD = 20_000
PROMPT = Prompt(name="tickets", **{**prompt_content(), "input": {"text": "text", "id": "id"}})


@dataclass(frozen=True)
class Target:
    """Something that takes bytes from outside.

    Attributes:
        folder: where its seeds stand in the corpus.
        check: takes a content and the seed's name, and raises for what must not happen.
        seconds: what one content may take, on a machine that has nothing else to do.
    """

    folder: str
    check: Callable[[bytes, str], None]
    seconds: float

    def seeds(self) -> list[tuple[str, bytes]]:
        """The names and contents to start from."""
        return [(path.name, path.read_bytes()) for path in sorted((CORPUS / self.folder).iterdir())]


def check_request_file(content: bytes, name: str) -> None:
    """A request file is read to its end, row for row, or refused in one sentence that tells nothing of its texts."""
    if name.endswith(_PACKED):
        apart(lambda: _check_rows(content, name))
    else:
        _check_rows(content, name)


def _check_rows(content: bytes, name: str) -> None:
    count = 0
    try:
        for batch in Requests(_rows_of(content, name), PROMPT, name):
            assert batch.schema == RAW_REQUESTS.schema
            batch.validate(full=True)
            assert batch["row_number"].to_pylist() == list(range(count + 1, count + 1 + batch.num_rows))
            count += batch.num_rows
            assert batch["record_id"].null_count == 0
            # A row has a text to ask about, or a problem.
            assert all(
                batch["text_id"][row].is_valid != batch["problem"][row].is_valid for row in range(batch.num_rows)
            )
    except UnreadableFile as error:
        _check_sentence(str(error), name)


def apart(check: Callable[[], None]) -> None:
    """Run a check in a copy of this process, for libraries that abort theirs on damaged files.

    The project reads with them in a process of its own too (`isolated_reading`), where an abort is a refusal, as is running out of
    memory: so both pass here. Copying takes a hundredth of the time that starting one does.
    """
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        _run_and_tell(check, tell)
    os.close(tell)
    with os.fdopen(told, "rb") as answer:
        fault = answer.read().decode()
    os.waitpid(child, 0)
    assert not fault, fault


def _run_and_tell(check: Callable[[], None], tell: int) -> NoReturn:
    """Run a check in the copied process, which ends here whatever happens, and write what it raises."""
    faulthandler.disable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    limit_memory(_MEMORY_BYTES)
    try:
        check()
    except MemoryError:
        pass
    except BaseException:
        os.write(tell, traceback.format_exc()[-_LONGEST_TOLD:].encode("utf-8", "replace"))
    finally:
        os._exit(0)


def _rows_of(content: bytes, name: str) -> Iterator[Rows]:
    file = io.BytesIO(content)
    if not name.endswith(_PACKED):
        yield from read_rows(file, name, LIMITS)
        return
    reader = read_parquet if name.endswith(".parquet") else read_workbook
    count = 0
    for block in reader(file, name, LIMITS):
        for piece in pieces(block):
            yield _numbered(piece, count)
            count += piece.cells.num_rows


def _numbered(block: Block, before: int) -> Rows:
    numbers = pa.array(range(before + 1, before + 1 + block.cells.num_rows), pa.int64())
    return Rows(block.part, numbers, block.cells, block.problems)


def _check_sentence(message: str, name: str) -> None:
    assert name in message and message.endswith(".") and message.isprintable(), message
    # A header that is a row of data may be shown as columns' names, shortened.
    assert len(message) < 1_500 and (SECRET not in message or "its columns are" in message), message


def check_prompt_file(content: bytes, name: str) -> None:
    """A prompt file loads, and its prompt can be used; or it is told in one sentence that names it."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        path = Path(folder) / "prompt.yaml"
        path.write_bytes(content)
        try:
            prompt = load_prompt(path, _renderer())
        except PromptError as error:
            message = str(error)
            assert error.file == path and message.startswith(str(path)), message
            assert message.endswith(".") and message.isprintable() and len(message) < 2_000, message
            return
    assert all(name in prompt.system for name in prompt.class_names)
    assert prompt.fallback.name in prompt.class_names and prompt.budget_usd > 0
    labels = Labels(prompt.class_names)
    assert all(labels.match(name).name == name for name in prompt.class_names)
    yaml.safe_load(yaml.safe_dump(prompt.model_dump(mode="json")))


@lru_cache(maxsize=1)
def _renderer() -> BoundedRenderer:
    return BoundedRenderer()


def check_answer(content: bytes, name: str) -> None:
    """An answer gives an allowed class, whose letters are in it, or none."""
    # Halves of characters too, which JSON can escape.
    text = content.decode("utf-8", "surrogateescape").replace("\udcff", "\ud800")
    for parse in (parse_tags, parse_json):
        parsed = parse(text)
        assert parsed.class_words or parsed.problem
        assert all(part is None or part.encode() for part in parsed)
        found = LABELS.match(parsed.class_words).name
        assert found is None or found in NAMES


TARGETS = {
    "requests": Target("requests", check_request_file, 5.0),
    "prompts": Target("prompts", check_prompt_file, 5.0),
    "answers": Target("answers", check_answer, 1.0),
}
