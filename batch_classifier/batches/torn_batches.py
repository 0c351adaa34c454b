"""A batch whose file, or whose list of texts, was cut off: by a disk that failed, or by a power cut under an earlier version."""

from typing import BinaryIO

from batch_classifier.answers.forgetting import record_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import batch_folder, batch_key, record_texts_key, text_ids_key
from batch_classifier.storage.record_texts import RecordTexts, record_of_line

_PIECE_BYTES = 1 << 12


def is_torn(internal: Folder, prompt: Prompt, name: str) -> bool:
    """Whether a batch ends with another text than its list does. Both are in the same order, also when texts were forgotten."""
    key = batch_key(prompt, name)
    if internal.find(key) is None:
        return True
    with internal.read(text_ids_key(prompt, name)) as ids, internal.read(key) as lines:
        last_id, last_line = _last_line(ids).decode(errors="replace"), _last_line(lines)
    last_record = _last_record(internal, record_texts_key(batch_folder(prompt, name)), last_id)
    return not last_line or record_id(last_line) != last_record.record_id or last_record.text_ids[-1:] != (last_id,)


def _last_record(internal: Folder, key: str, last_id: str) -> RecordTexts:
    """The record that the last line should be: that of the last text, unless a file says which texts it holds."""
    if internal.find(key) is None:
        return RecordTexts(last_id, (last_id,))
    with internal.read(key) as records:
        last = _last_line(records)
    return record_of_line(last) if last.strip() else RecordTexts("", ())


def remove_torn(internal: Folder, prompt: Prompt, name: str) -> None:
    """Remove a batch that was never sent; its texts are needed again. The list goes first, by which batches are found."""
    record_texts = record_texts_key(batch_folder(prompt, name))
    for key in (text_ids_key(prompt, name), record_texts, batch_key(prompt, name)):
        internal.delete(key)


def _last_line(file: BinaryIO) -> bytes:
    """The last line without its end, which it must have; empty for a file that has no such line."""
    size, taken = file.seek(0, 2), _PIECE_BYTES
    while True:
        start = max(0, size - taken)
        file.seek(start)
        piece = file.read()
        if not piece.endswith(b"\n"):
            return b""
        before = piece.rfind(b"\n", 0, -1)
        if before >= 0 or start == 0:
            return piece[before + 1 : -1]
        taken *= 4
