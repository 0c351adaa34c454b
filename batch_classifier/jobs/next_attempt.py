"""The file of a batch's next attempt: what is sent again as it was, and unfit answers as questions for a repair."""

from collections.abc import Collection, Iterator, Mapping

import orjson

from batch_classifier.inference.interface import Inference
from batch_classifier.inference.questions import question, repair_question
from batch_classifier.inference.record_form import Record
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.record_texts import RecordTexts


def write_next_attempt(
    folder: Folder,
    batch_key: str,
    key: str,
    open_texts: Mapping[str, str | None],
    packed: Mapping[str, RecordTexts],
    together: Collection[str],
    prompt: Prompt,
    inference: Inference,
) -> None:
    """Write the texts that are still open as a file of their own: as they were, or with what was wrong with their answer.

    `packed` are the batch's records of several texts by their id; of those in `together` the line is sent as it was, the texts
    of all others go alone.
    """
    forms = inference.record_forms(prompt)
    with folder.spool() as path:
        with folder.read(batch_key) as lines, path.open("wb") as out:
            for line in lines:
                stripped = line.rstrip(b"\r\n")
                if not stripped:
                    continue
                record = forms.read(stripped)
                goes_as_it_is = record.record_id in together or open_texts.get(record.record_id, "") is None
                if goes_as_it_is:
                    out.write(stripped + b"\n")
                    continue
                for text_id, text in _texts(record, packed.get(record.record_id)):
                    if text_id in open_texts:
                        out.write(_line(inference, prompt, text_id, text, open_texts[text_id]))
        folder.publish(path, key)


def _texts(record: Record, record_texts: RecordTexts | None) -> Iterator[tuple[str, str]]:
    """The texts of a record by their ids."""
    if record_texts is None:
        yield from record.texts.items()
        return
    text_ids = record_texts.ids_within()
    for id_within, text in record.texts.items():
        if id_within in text_ids:
            yield text_ids[id_within], text


def _line(inference: Inference, prompt: Prompt, text_id: str, text: str, fault: str | None) -> bytes:
    user = question(text) if fault is None else repair_question(prompt, text, fault)
    return orjson.dumps({"recordId": text_id, "modelInput": inference.model_input(prompt, user)}) + b"\n"
