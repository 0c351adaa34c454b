"""A correction is taken back: a row more in the table says so, and the model's class holds again."""

import datetime

from batch_classifier.corrections.correction import Correction, new_set, write_set
from batch_classifier.corrections.history import ListedCorrection, State, listed_corrections
from batch_classifier.corrections.reasons import Reasons
from batch_classifier.corrections.texts import TextsById
from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.wording import fit_line

_LONGEST_SHOWN = 40
_STANDING = (State.HOLDS, State.NO_CATEGORY)


def withdraw(
    warehouse: Warehouse, prompt: Prompt, key: str, who: str, now: datetime.datetime, why: str | None = None
) -> str:
    """Withdraw the correction that stands for a text, and return the name of the set that says so.

    `key` is a text id, or the id of the record by which the text was corrected. Raises ClassifierError where it names none, or
    more than one.
    """
    with listed_corrections(warehouse, prompt) as corrections:
        found = [one for one in corrections if one.state in _STANDING and key in (one.text_id, one.record_id)]
    shown = fit_line(key, _LONGEST_SHOWN)
    if not found:
        raise ClassifierError(
            f"No correction of {prompt.name} stands for {shown!r}; `batch-classifier corrections --list` has their ids."
        )
    exact = [one for one in found if one.text_id == key] or found
    if len(exact) > 1:
        ids = ", ".join(one.text_id for one in exact[:5])
        raise ClassifierError(
            f"{len(exact)} texts were corrected by the id {shown!r}; name one of their text ids: {ids}."
        )
    added = new_set(warehouse, prompt, who, now)
    write_set(warehouse, prompt, added, added.rows([_withdrawal(warehouse, prompt, exact[0], why)]))
    return added.name


def _withdrawal(warehouse: Warehouse, prompt: Prompt, standing: ListedCorrection, why: str | None) -> Correction:
    text = TextsById(warehouse, prompt, [standing.text_id]).get(standing.text_id)
    return Correction(
        text_id=standing.text_id,
        input_text=text.text if text else None,
        record_id=standing.record_id,
        request_file=standing.request_file,
        old_class=standing.new_class,
        new_class=None,
        redaction=text.redaction if text else None,
        why=Reasons(prompt).masked(why),
    )
