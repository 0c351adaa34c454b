"""A model that was trained on a text that is to be forgotten is removed: it knows the text's words. The next training makes another."""

import io
import zipfile
from collections.abc import Collection

from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import local_model_key
from batch_classifier.training.model_file import trained_text_ids


def forget_model(internal: Folder, prompt: str, text_ids: Collection[str], is_rehearsal: bool) -> int:
    """Remove the prompt's model where it was trained on one of these texts; returns how many models that are, 0 or 1."""
    key = local_model_key(prompt)
    content = internal.read_bytes(key) if text_ids else None
    if content is None or not _is_concerned(content, text_ids):
        return 0
    if not is_rehearsal:
        internal.delete(key)
        internal.forget_versions(key, lambda found: found == key)
    return 1


def _is_concerned(content: bytes, text_ids: Collection[str]) -> bool:
    try:
        return not trained_text_ids(io.BytesIO(content)).isdisjoint(text_ids)
    except (ValueError, KeyError, TypeError, OSError, EOFError, zipfile.BadZipFile):
        # Nobody can say what is in a damaged file.
        return True
