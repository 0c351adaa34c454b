"""A prompt's model as one file of the internal folder: numbers and JSON, nothing that could run.

An archive of arrays (numpy's .npz, read without pickle): `about` holds JSON, and each head's arrays stand under its name.
"""

import dataclasses
import io
import logging
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from batch_classifier.errors import ClassifierError
from batch_classifier.language.trained_head import TrainedHead
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import local_model_key
from batch_classifier.training.local_model import LocalModel, TrainedOn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[np.generic]]

_LOGGER = logging.getLogger(__name__)

# Raise it when the files of earlier versions cannot be read any more.
_FORM = 1
_FULL = "full"
_TEXT_ID_BYTES = 16


def write_local_model(internal: Folder, prompt: Prompt, model: LocalModel) -> None:
    """Put a model in the place of the prompt's old one, whole or not at all."""
    import numpy as np

    trained_on = {**dataclasses.asdict(model.trained_on), "text_ids": None}
    about = {
        "form": _FORM,
        "classes": model.classes,
        "trained_on": trained_on,
        "temperature": model.temperature,
        "folds": len(model.folds),
        "engine": model.engine,
    }
    ids = b"".join(bytes.fromhex(one) for one in sorted(model.trained_on.text_ids))
    arrays: dict[str, Any] = {
        "about": np.frombuffer(orjson.dumps(about), np.uint8),
        "text_ids": np.frombuffer(ids, np.uint8),
    }
    for name, head in [(_FULL, model.full), *((str(fold), head) for fold, head in enumerate(model.folds))]:
        arrays |= {f"{name}/{key}": array for key, array in head.arrays().items()}
    with internal.spool() as path:
        with path.open("wb") as file:
            np.savez(file, **arrays)
        internal.publish(path, local_model_key(prompt.name))


def read_local_model(internal: Folder, prompt: Prompt, with_folds: bool = True) -> LocalModel | None:
    """The prompt's model; None where none is trained for the categories and the masking that the prompt has now.

    Without the folds' heads (`with_folds`) it is read sooner, and cannot judge what it was trained on. Raises ClassifierError
    where the file is damaged, or something else.
    """
    content = internal.read_bytes(local_model_key(prompt.name))
    if content is None:
        return None
    try:
        model = _read(content, prompt, with_folds)
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ClassifierError(
            f"{internal.uri_of(local_model_key(prompt.name))} is not a model that this version can read: train it again "
            f"with `batch-classifier train --prompt {prompt.name}`, or delete the file."
        ) from error
    if model is None:
        _LOGGER.info("The local model of %s is of other categories or another masking, and is not used.", prompt.name)
    return model


def lend_local_model(own: Folder, other: Folder, prompt: str) -> None:
    """Copy the prompt's model, where there is one, into another internal folder."""
    content = own.read_bytes(local_model_key(prompt))
    if content is not None:
        other.write_bytes(local_model_key(prompt), content)


def _read(content: bytes, prompt: Prompt, with_folds: bool) -> LocalModel | None:
    import numpy as np

    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        about = orjson.loads(arrays["about"].tobytes())
        if about["form"] != _FORM:
            raise ValueError(f"form {about['form']}")
        fields = about["trained_on"]
        if set(about["classes"]) != set(prompt.class_names) or fields["redaction"] != _redaction(prompt):
            return None
        order = [prompt.class_names.index(name) for name in about["classes"]]
        fields["set_aside"] = tuple(fields["set_aside"])
        fields["text_ids"] = _text_ids(arrays)
        fields["by_class"] = {name: fields["by_class"][name] for name in prompt.class_names}
        names = [str(fold) for fold in range(about["folds"])] if with_folds else []
        return LocalModel(
            prompt.class_names,
            TrainedOn(**fields),
            float(about["temperature"]),
            TrainedHead.from_arrays(_of_head(arrays, _FULL), order),
            [TrainedHead.from_arrays(_of_head(arrays, name), order) for name in names],
            about["engine"],
        )


def trained_text_ids(file: BinaryIO) -> frozenset[str]:
    """The ids of the texts that a model was trained on; raises what numpy does where the file is none."""
    import numpy as np

    with np.load(file, allow_pickle=False) as arrays:
        return _text_ids(arrays)


def _text_ids(arrays: "Arrays") -> frozenset[str]:
    ids, digits = arrays["text_ids"].tobytes().hex(), 2 * _TEXT_ID_BYTES
    return frozenset(ids[at : at + digits] for at in range(0, len(ids), digits))


def _of_head(arrays: "Arrays", name: str) -> "Arrays":
    prefix = f"{name}/"
    return {key.removeprefix(prefix): arrays[key] for key in arrays if key.startswith(prefix)}


def _redaction(prompt: Prompt) -> str:
    return prompt.redact.version if prompt.redact is not None else ""
