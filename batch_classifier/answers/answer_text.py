"""From a model's answer text to the words of its class and its reason; what they are worth is for `labels` to say.

Customers' texts may hold tags or JSON of their own, and models quote them: an answer with two classes has none.
"""

import html
import json
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

MAX_BARE_CHARACTERS = 80
# A brace that opens no object is given up; so many are tried, which keeps hostile answers linear.
_MAX_BROKEN_OBJECTS = 50

_CLASS = frozenset({"class", "category"})
_RATIONALE = frozenset({"rationale", "reason", "reasoning", "explanation"})
_TAG = re.compile(r"<\s{0,8}(/?)\s{0,8}(class|category|rationale|reason|reasoning|explanation)"
                  r"(?:[\s/][^<>]{0,200})?>", re.IGNORECASE)  # fmt: skip
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_OBJECT = re.compile(r'\{\s*(?=["}])')
_CUT_OFF_OBJECT = re.compile(r'[^{"]{0,80}\{\s{0,80}"class"\s{0,80}:\s{0,80}("(?:[^"\\]|\\.){0,500}")\s{0,80},')

# The answer that was asked for, word for word, and nothing else: most answers, so they are read at once. Surrogates and
# entities (&) are left to the thorough way, and so is anything else that is not quite so.
_WORDS = r"[^<>&\s\ud800-\udfff](?:[^<>&\ud800-\udfff]*[^<>&\s\ud800-\udfff])?"
_PLAIN_ANSWER = re.compile(rf"<class>({_WORDS})</class>(?:\s*<rationale>({_WORDS})</rationale>)?")


class AnswerText(NamedTuple):
    """What stands in an answer: words for the class and the reason, or one sentence on why there are no such words."""

    class_words: str | None
    rationale: str | None
    problem: str | None


def parse_tags(text: str) -> AnswerText:
    """Read `<class>…</class>` and `<rationale>…</rationale>`; never raises, and takes linear time.

    A tag that is not closed ends at the next one or with the text. Without a rationale tag the rationale is the text
    around the class. Class tags inside a rationale are quotations: they can make an answer ambiguous but never decide
    it; where the rationale is not closed, only a class at the very end of the answer stands outside of it. An answer
    of one short line without any tag is the class itself, as is one before a lone `</class>`.
    """
    if (plain := _PLAIN_ANSWER.fullmatch(text)) is not None:
        return AnswerText(plain[1], plain[2], None)
    classes: list[str] = []
    quoted: list[str] = []
    rationales: list[str] = []
    around: list[str] = []
    tags = list(_TAG.finditer(text))
    if not tags:
        return _bare(text, "<class> tag")
    closing = _next_closings(tags)
    first = 0
    if tags[0][1] and tags[0][2].lower() in _CLASS and _is_short_line(text[: tags[0].start()]):
        classes.append(text[: tags[0].start()])
        first = tags[0].end()

    rationale_end = -1
    rationale_is_open = False
    text_end = len(text.rstrip())
    for place, tag in enumerate(tags):
        name, opens = tag[2].lower(), not tag[1]
        end = tags[place + 1].start() if place + 1 < len(tags) else len(text)
        if tag.start() < rationale_end:
            if opens and name in _CLASS:
                quoted.append(text[tag.end() : end])
            continue
        around.append(text[first : tag.start()])
        first = tag.end()
        if opens and name in _CLASS:
            is_closed = closing[place] == place + 1
            content, rest = _class_content(text[tag.end() : end], is_closed)
            is_last = (tags[place + 1].end() if is_closed else end) >= text_end
            (quoted if rationale_is_open and not is_last else classes).append(content)
            around.append(rest)
            first = end
        elif opens:
            closing_place = closing[place]
            rationale_is_open = closing_place is None
            if closing_place is not None:
                rationale_end = end = tags[closing_place].start()
            rationales.append(text[tag.end() : end])
            first = end
    around.append(text[first:])
    rationale = _joined(rationales) or _joined(around)
    return _decided(classes, quoted, rationale, "<class> tag")


def parse_json(text: str) -> AnswerText:
    """Read `{"class": "…", "rationale": "…"}`; never raises, and takes linear time.

    A fence and words around the object are allowed. In an answer that was cut off within the rationale, the class that
    comes first still counts. An answer of one short line without any brace is the class itself.
    """
    if "{" not in text:
        return _bare(text, '"class" in a JSON object')
    classes: list[Any] = []
    rationales: list[str] = []
    for pairs in json_objects(text):
        classes += [value for key, value in pairs if key.lower() in _CLASS]
        rationales += [value for key, value in pairs if key.lower() in _RATIONALE and isinstance(value, str)]
    if cut_off := _CUT_OFF_OBJECT.match(text):
        classes += _loaded(cut_off[1])
    words = [_as_words(value) for value in classes]
    if None in words:
        return AnswerText(None, _joined(rationales), 'the "class" of the answer is not a text')
    return _decided([word for word in words if word is not None], [], _joined(rationales), '"class" in a JSON object')


def _bare(text: str, what: str) -> AnswerText:
    if not text.strip():
        return AnswerText(None, None, "the answer is empty")
    if _is_short_line(text):
        return AnswerText(_cleaned(text), None, None)
    return AnswerText(None, _cleaned(text), f"the answer has no {what}")


def _is_short_line(text: str) -> bool:
    text = text.strip()
    return 0 < len(text) <= MAX_BARE_CHARACTERS and "\n" not in text and "\r" not in text


def _next_closings(tags: list[re.Match[str]]) -> list[int | None]:
    """For each tag, the place of the next closing tag of its kind, if no tag of its kind opens before."""
    closings: list[int | None] = []
    after: dict[bool, int | None] = {True: None, False: None}
    for place in range(len(tags) - 1, -1, -1):
        is_class = tags[place][2].lower() in _CLASS
        closings.append(after[is_class])
        after[is_class] = place if tags[place][1] else None
    return closings[::-1]


def _class_content(content: str, is_closed: bool) -> tuple[str, str]:
    """The words of a class tag, and what follows them: only the first line of an open one can be the class."""
    if is_closed:
        return content, ""
    words, _, rest = content.strip().partition("\n")
    return words, rest


def _decided(classes: Iterable[str], quoted: Iterable[str], rationale: str | None, what: str) -> AnswerText:
    own = _distinct(classes)
    everything = own | _distinct(quoted)
    if len(everything) > 1:
        shown = ", ".join(f'"{words[:40]}"' for words in list(everything.values())[:3])
        return AnswerText(None, rationale, f"the answer names several classes: {shown}")
    if own:
        return AnswerText(next(iter(own.values())), rationale, None)
    if everything:
        return AnswerText(None, rationale, f"the answer has no {what} but one quoted in its rationale")
    return AnswerText(None, rationale, f"the answer has no {what}")


def _distinct(words: Iterable[str]) -> dict[str, str]:
    """Words that are not empty, each once but for case and white space, in order."""
    cleaned = (_cleaned(item) for item in words)
    distinct: dict[str, str] = {}
    for item in filter(None, cleaned):
        distinct.setdefault(" ".join(item.casefold().split()), item)
    return distinct


def _joined(parts: Iterable[str]) -> str | None:
    return "\n".join(filter(None, (_cleaned(part) for part in parts))) or None


def _cleaned(text: str) -> str:
    # No lone surrogate may leave here: JSON can escape one, but neither UTF-8 nor Arrow can hold it.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    # html.unescape alone would fail on numbers of thousands of digits.
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), text).strip()


def json_objects(text: str) -> Iterable[list[tuple[str, Any]]]:
    """The outermost JSON objects in a text, each as its pairs, so that a key that comes twice is seen."""
    decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: pairs)
    place = broken = 0
    while broken < _MAX_BROKEN_OBJECTS and (opening := _OBJECT.search(text, place)):
        try:
            pairs, place = decoder.raw_decode(text, opening.start())
            yield pairs
        except (ValueError, RecursionError):
            broken += 1
            place = opening.start() + 1


def _loaded(text: str) -> list[Any]:
    try:
        return [json.loads(text)]
    except ValueError:
        return []


def _as_words(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    # Categories may be numbers, and a model then writes them as such.
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
