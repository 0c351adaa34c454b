"""What a person says of texts that they have before them: one or a few at a time, each found by its id.

A class that is the model's own is said too: it confirms it, and counts where it is measured how right the classes are.
"""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from batch_classifier.corrections.correction import Correction, new_set, write_set
from batch_classifier.corrections.reasons import Reasons
from batch_classifier.corrections.texts import TextsById
from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.corrections import answered_and_held
from batch_classifier.warehouse.interface import Warehouse, literal


@dataclass(frozen=True)
class Verdict:
    """What is said of one text: its class, or None, which takes back what was said before.

    `record_id` and `request_file` are those of the row that was looked at.
    """

    text_id: str
    new_class: str | None
    record_id: str | None = None
    request_file: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class Said:
    """What was written: the set, and by text id what held before because a person had said so (None: the model's class)."""

    correction_set: str
    before: dict[str, str | None]


def say(
    warehouse: Warehouse,
    prompt: Prompt,
    verdicts: Sequence[Verdict],
    who: str,
    now: datetime.datetime,
    source: str | None = None,
) -> Said:
    """Write verdicts as one set of corrections, behind all that are there; of two people the later one holds, and both are kept.

    Raises ClassifierError for a class that is no category, and for a text that no request file has (any more).
    """
    for verdict in verdicts:
        if verdict.new_class is not None and verdict.new_class not in prompt.class_names:
            raise ClassifierError(
                f"{verdict.new_class!r} is no category of {prompt.name}; choose one of its categories."
            )
    ids = [verdict.text_id for verdict in verdicts]
    classes = _classes(warehouse, prompt, ids)
    texts = TextsById(warehouse, prompt, ids)
    if missing := [one for one in ids if one not in texts or one not in classes]:
        raise ClassifierError(
            f"No request file of {prompt.name} has the text {missing[0]} any more; load the page again."
        )
    reasons = Reasons(prompt)
    corrections = [
        Correction(
            text_id=verdict.text_id,
            input_text=texts[verdict.text_id].text,
            record_id=verdict.record_id,
            request_file=verdict.request_file,
            old_class=classes[verdict.text_id][1] or classes[verdict.text_id][0],
            new_class=verdict.new_class,
            redaction=texts[verdict.text_id].redaction,
            why=reasons.masked(verdict.why),
        )
        for verdict in verdicts
    ]
    added = new_set(warehouse, prompt, who, now, source)
    write_set(warehouse, prompt, added, added.rows(corrections))
    return Said(added.name, {text_id: held for text_id, (_, held) in classes.items()})


def _classes(warehouse: Warehouse, prompt: Prompt, text_ids: Sequence[str]) -> dict[str, tuple[str | None, str | None]]:
    """By text id the model's class and the one that a correction says."""
    rows = warehouse.query(
        prompt.name,
        f"""select answered.text_id, max(answered."class") as model_class, max(held.new_class) as held_class
        from {answered_and_held(warehouse, prompt)}
        where answered.text_id in ({", ".join(map(literal, text_ids))}) group by answered.text_id""",
    )
    return {row["text_id"]: (row["model_class"], row["held_class"]) for row in rows}
