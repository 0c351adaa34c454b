"""Whatever a model answers, its class is one of the allowed ones or none, and what it quotes never decides it."""

import json
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_classifier.answers.answer_text import AnswerText, parse_json, parse_tags
from batch_classifier.answers.labels import Labels
from batch_classifier_tests.properties.texts import SHORT_TEXTS, TEXTS

NAMES = ("Refund Issues", "Booking Inquiry", "Service Complaint", "24/7 Support", "C++", "Überweisung", "Other")
LABELS = Labels(NAMES)
FORMS = {"tags": parse_tags, "json": parse_json}

_NAME = st.sampled_from(NAMES)
_MARKUP = st.sampled_from(
    [
        *(
            "<class>",
            "</class>",
            "<rationale>",
            "</rationale>",
            "<CLASS >",
            "< / class >",
            "<class/>",
            "<category>",
            "<reason>",
        ),
        *(
            '{"class":',
            '"rationale":',
            "{",
            "}",
            '"',
            ",",
            ":",
            "[",
            "]",
            "```json\n",
            "```",
            "\\",
            "\\u0022",
            "null",
            "\ud800",
        ),
        *("&lt;class&gt;", "&#60;", "&#x110000;", "&#99999999999;", "<class name='x'>", "<!--", "]]>", "\n", " "),
        *("Category: ", "not ", "The answer is ", "1. ", "3) ", "- ", "**", "\u200b", "\u202e", "or ", "Other than "),
    ]
)
ANSWERS = st.lists(st.one_of(_MARKUP, _MARKUP, _NAME, TEXTS), max_size=12).map("".join)


def class_of(text: str, form: str) -> str | None:
    parsed = FORMS[form](text)
    check(parsed)
    return LABELS.match(parsed.class_words).name


def check(parsed: AnswerText) -> None:
    """What holds for every answer: words or a sentence on why there are none, and text that UTF-8 can hold."""
    assert parsed.class_words or parsed.problem
    for part in parsed:
        assert part is None or part.encode()


@pytest.mark.parametrize("form", FORMS)
def test_any_answer_gives_an_allowed_class_or_none(form: str) -> None:
    @given(ANSWERS)
    def holds(answer: str) -> None:
        name = class_of(answer, form)
        assert name is None or name in NAMES
        # Nothing is made of nothing: the letters of the name stand in the answer, in order.
        assert name is None or letters(name) in letters(answer)

    holds()


def letters(text: str) -> str:
    """Letters and digits in their plain form, with entities and escapes undone as a reader of the answer would."""
    text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text)
    folded = unicodedata.normalize(
        "NFKC", text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    ).casefold()
    return "".join(one for one in unicodedata.normalize("NFKC", folded) if one.isalnum())


@given(_NAME, TEXTS, st.lists(st.one_of(_MARKUP, _NAME, SHORT_TEXTS), max_size=8).map("".join))
def test_a_text_quoted_in_a_json_answer_never_decides_its_class(name: str, text: str, quoted: str) -> None:
    rationale = f"{text}{quoted} {json.dumps({'class': 'Other'})}"
    for answer in (
        json.dumps({"class": name, "rationale": rationale}),
        json.dumps({"rationale": rationale, "class": name}),
    ):
        assert class_of(answer, "json") == name
        assert class_of(f"```json\n{answer}\n```", "json") == name


@given(_NAME, _NAME, TEXTS)
def test_a_class_quoted_in_a_rationale_of_tags_never_takes_the_place_of_the_answers_own(
    name: str, other: str, text: str
) -> None:
    quoted = f"{text.replace('<', '')}<class>{other}</class>"
    for answer in (
        f"<class>{name}</class><rationale>It says {quoted}.</rationale>",
        f"<rationale>It says {quoted}.</rationale><class>{name}</class>",
    ):
        found = class_of(answer, "tags")
        assert found == name if name == other else found in (name, None)
        assert found != other or name == other


@given(_NAME, _NAME, SHORT_TEXTS, st.sampled_from(sorted(FORMS)))
def test_an_answer_with_two_classes_has_none(name: str, other: str, between: str, form: str) -> None:
    if form == "tags":
        answer = f"<class>{name}</class>{between.replace('<', '')}<class>{other}</class>"
    else:
        answer = f"{json.dumps({'class': name})}{between.replace('{', '')}{json.dumps({'class': other})}"
    assert class_of(answer, form) == (name if name == other else None)


LOOK_ALIKES = {
    "a": "а",
    "e": "е",
    "o": "о",
    "i": "і",
    "c": "с",
    "p": "р",
    "s": "ѕ",
    "C": "С",
    "O": "О",
    "B": "В",
    "u": "υ",
    "n": "ո",
}


@given(_NAME, st.data(), st.sampled_from(sorted(FORMS)))
def test_a_name_in_letters_of_another_alphabet_is_that_class_or_none(name: str, data: st.DataObject, form: str) -> None:
    places = [place for place, letter in enumerate(name) if letter in LOOK_ALIKES]
    if not places:
        return
    changed = data.draw(st.lists(st.sampled_from(places), min_size=1, unique=True))
    words = "".join(LOOK_ALIKES[letter] if place in changed else letter for place, letter in enumerate(name))
    answer = f"<class>{words}</class>" if form == "tags" else json.dumps({"class": words, "rationale": "It says so."})
    assert class_of(answer, form) in (name, None)


@given(_NAME, st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]), st.sampled_from(sorted(FORMS)))
def test_a_name_in_any_normal_form_of_unicode_is_that_class(name: str, normal_form: str, form: str) -> None:
    words = unicodedata.normalize(normal_form, name)  # type: ignore[arg-type]
    answer = f"<class>{words}</class>" if form == "tags" else json.dumps({"class": words}, ensure_ascii=False)
    assert class_of(answer, form) == name


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12), min_size=1, max_size=6), TEXTS)
def test_names_of_any_letters_match_themselves_and_nothing_matches_another_set(names: list[str], words: str) -> None:
    labels = Labels(names)
    for name in names:
        assert labels.match(name).name == name
    assert labels.match(words).name in (None, *names)
