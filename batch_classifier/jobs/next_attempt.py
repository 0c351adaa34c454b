"""The file of a batch's next attempt: what is sent again as it was, and unfit answers as questions for a repair."""

import orjson

from batch_classifier.inference.interface import Inference
from batch_classifier.inference.questions import repair_question
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder


def write_next_attempt(
    folder: Folder, batch_key: str, key: str, open_texts: dict[str, str | None], prompt: Prompt, inference: Inference
) -> None:
    """Write the texts that are still open as a file of their own: as they were, or with what was wrong with their answer."""
    form = inference.record_form(prompt)
    with folder.spool() as path:
        with folder.read(batch_key) as lines, path.open("wb") as out:
            for line in lines:
                stripped = line.rstrip(b"\r\n")
                if not stripped:
                    continue
                text_id, text = form.read(stripped)
                if text_id in open_texts:
                    fault = open_texts[text_id]
                    out.write(
                        stripped + b"\n" if fault is None else _repair_line(inference, prompt, text_id, text, fault)
                    )
        folder.publish(path, key)


def _repair_line(inference: Inference, prompt: Prompt, text_id: str, text: str, fault: str) -> bytes:
    record = {"recordId": text_id, "modelInput": inference.model_input(prompt, repair_question(prompt, text, fault))}
    return orjson.dumps(record) + b"\n"
