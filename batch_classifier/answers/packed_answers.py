"""From a model's answer to several texts to what it says of each, by the ids that it names; the order means nothing.

An id that the record does not have is nobody's. Where an id is named twice, nothing counts of what is said there: a text may have
had the model say one of the two.
"""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from batch_classifier.answers.answer_text import AnswerText, json_objects, parse_json, parse_tags

_TAG = re.compile(r"<\s{0,8}(/?)\s{0,8}answer\b([^<>]{0,200})>", re.IGNORECASE)
_ID = re.compile(r"""\bid\s{0,8}=\s{0,8}["']?\s{0,8}([a-z0-9]{1,40})""", re.IGNORECASE)


class PartOfAnswer(NamedTuple):
    """What an answer says of one text: as read, or why nothing that is said of it counts."""

    answer: AnswerText | None
    problem: str | None


def parts_of(text: str, is_json: bool, ids: Collection[str], was_cut: bool) -> dict[str, PartOfAnswer]:
    """What an answer says of each of these ids. Never raises, and takes linear time.

    `was_cut`: whether the answer ended because it was too long; then its last part is believed only where it names a class.
    """
    found: dict[str, list[AnswerText]] = {}
    for id_within, answer in _of_objects(text) if is_json else _of_tags(text, was_cut):
        found.setdefault(id_within, []).append(answer)
    return {id_within: _part(found.get(id_within, []), was_cut) for id_within in ids}


def _part(answers: list[AnswerText], was_cut: bool) -> PartOfAnswer:
    if len(answers) == 1:
        return PartOfAnswer(answers[0], None)
    if answers:
        return PartOfAnswer(None, f"the answer to several texts names this one {len(answers)} times")
    why = " before it came to this one" if was_cut else " without this one"
    return PartOfAnswer(None, f"the answer to several texts {'was cut' if was_cut else 'came'}{why}")


def _of_tags(text: str, was_cut: bool) -> Iterator[tuple[str, AnswerText]]:
    """Each `<answer id="…">…</answer>`; one that is not closed ends where the next begins, or with the text."""
    tags = list(_TAG.finditer(text))
    for place, tag in enumerate(tags):
        id_within = _ID.search(tag[2])
        if tag[1] or id_within is None:
            continue
        is_last = place + 1 == len(tags)
        answer = parse_tags(text[tag.end() : len(text) if is_last else tags[place + 1].start()])
        if is_last and was_cut and "</class>" not in text[tag.end() :].lower():
            continue
        yield id_within[1].lower(), answer


def _of_objects(text: str) -> Iterator[tuple[str, AnswerText]]:
    """Each JSON object that has an id: in a list under a name, in a list alone, or one after another."""
    waiting: list[Any] = [*json_objects(text)][::-1]
    while waiting:
        value = waiting.pop()
        if not isinstance(value, list):
            continue
        # Objects are lists of pairs, so that a key that comes twice is seen.
        pairs = [pair for pair in value if isinstance(pair, tuple)]
        ids = [one for key, one in pairs if key.lower() == "id" and isinstance(one, str)]
        if len(ids) == 1:
            yield ids[0].strip().lower(), parse_json(_as_object(pairs))
        else:
            waiting += [one for _, one in pairs][::-1] if pairs else value[::-1]


def _as_object(pairs: list[tuple[str, object]]) -> str:
    """The pairs as the JSON object that they were, without what is nested in them."""
    plain = [(key, one) for key, one in pairs if not isinstance(one, list)]
    return "{" + ", ".join(f"{json.dumps(key)}: {json.dumps(one)}" for key, one in plain) + "}"
