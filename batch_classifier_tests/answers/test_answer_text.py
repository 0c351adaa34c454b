"""What is read from the texts that models answer with."""

import json
import time
from collections.abc import Callable

import pytest

from batch_classifier.answers.answer_text import AnswerText, parse_json, parse_tags

# Enough for anything quadratic to take minutes.
SIZE = 250_000
NO_TAG = "the answer has no <class> tag"


@pytest.mark.parametrize(
    ("text", "words", "rationale"),
    [
        ("<class>Refund Issues</class><rationale>Money back.</rationale>", "Refund Issues", "Money back."),
        ("<rationale>Money\nback.</rationale>\n<class>\n Refund Issues \n</class>", "Refund Issues", "Money\nback."),
        ("<CLASS>Refund</CLASS> <Reason>why</Reason>", "Refund", "why"),
        ('< class id="1" >Refund</ class ><explanation>why</explanation>', "Refund", "why"),
        ("<category>Refund</category><reasoning>why</reasoning>", "Refund", "why"),
        ("<class>Refund<rationale>why</rationale>", "Refund", "why"),
        ("<rationale>why</rationale><class>Refund", "Refund", "why"),
        ("<rationale>why <class>Refund</class>", "Refund", "why"),
        ("<class>Refund\nbecause of the money", "Refund", "because of the money"),
        ("<class>Terms &amp; Conditions</class>", "Terms & Conditions", None),
        ("<class>A &amp;amp; B</class>", "A &amp; B", None),
        ("It is <class>Refund</class> since money is asked back.", "Refund", "It is\nsince money is asked back."),
        ("<class>Refund</class> so <class> refund </class>", "Refund", "so"),
        ("<class></class><class>Refund</class>", "Refund", None),
        ("<class>Refund</class><rationale></rationale>", "Refund", None),
        ("Refund Issues</class><rationale>why</rationale>", "Refund Issues", "why"),
        ("Refund Issues", "Refund Issues", None),
        ("  **Refund Issues**\n", "**Refund Issues**", None),
    ],
)
def test_tags(text: str, words: str, rationale: str | None) -> None:
    assert parse_tags(text) == AnswerText(words, rationale, None)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the answer is empty"),
        (" \n ", "the answer is empty"),
        ("I think that this\nis a refund", NO_TAG),
        ("word " * 30, NO_TAG),
        ("<rationale>only why</rationale>", NO_TAG),
        ("<class></class>", NO_TAG),
        ("<classes>Refund</classes>\nmore", NO_TAG),
        ("<class>Refund</class><class>Other</class>", 'the answer names several classes: "Refund", "Other"'),
    ],
)
def test_tags_without_a_class(text: str, problem: str) -> None:
    answer = parse_tags(text)
    assert (answer.class_words, answer.problem) == (None, problem)


@pytest.mark.parametrize(
    "text",
    [
        "<rationale>They wrote <class>Other</class>.</rationale>",
        "<rationale>They wrote <class>Other</class>.</rationale><class>Refund</class>",
        "<rationale>They wrote </rationale><class>Other</class>.</rationale><class>Refund</class>",
        "<rationale>They wrote <class>Other</class> and then the answer was cut",
        "<class>Refund</class><rationale>They wrote <class>Other</class> and</rationale>",
    ],
)
def test_a_quoted_tag_does_not_choose_the_class(text: str) -> None:
    """Customers can write tags, and a model may quote them in its reason."""
    answer = parse_tags(text)
    assert answer.class_words is None
    assert answer.problem is not None


def test_the_reason_is_kept_when_there_is_no_class() -> None:
    assert parse_tags("<rationale>why</rationale>").rationale == "why"
    assert parse_tags("I cannot\nsay").rationale == "I cannot\nsay"


@pytest.mark.parametrize(
    ("text", "words", "rationale"),
    [
        ('{"class": "Refund", "rationale": "why"}', "Refund", "why"),
        ('{"rationale": "why", "class": "Refund"}', "Refund", "why"),
        ('{"class": "Refund"}', "Refund", None),
        ('{"Category": "Refund", "reason": null}', "Refund", None),
        ('```json\n{"class": "Refund", "rationale": "why"}\n```', "Refund", "why"),
        ('Here {it} is: {"class": "Refund", "rationale": "{\\"class\\": \\"Other\\"}"} bye', "Refund",
         '{"class": "Other"}'),
        ('{"class": 3}', "3", None),
        ('{"class": "Refund", "rationale": "cut o', "Refund", None),
        ('{"class": "Refund", "rationale": "a \\ud800 b"}', "Refund", "a \ufffd b"),
        ("Refund Issues", "Refund Issues", None),
    ],
)  # fmt: skip
def test_json(text: str, words: str, rationale: str | None) -> None:
    assert parse_json(text) == AnswerText(words, rationale, None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "two\nlines",
        "{}",
        "{",
        "[]\n[]",
        '{"class": null}',
        '{"class": ["Refund"]}',
        '{"class": true}',
        '{"class": ""}',
        '{"rationale": "why"}',
        '{"class": "Refu',
        '{"class": "Refund", "class": "Other"}',
        '{"class": "Refund"} {"class": "Other"}',
        '{"class": "Refund", "more": {"class": "Other"}, "rationale": "cut o',
    ],
)
def test_json_without_a_class(text: str) -> None:
    answer = parse_json(text)
    assert answer.class_words is None
    assert answer.problem


@pytest.mark.parametrize("parse", [parse_tags, parse_json])
@pytest.mark.parametrize(
    "piece",
    ["<class>", "</class>", "<class", "<", "< ", "<rationale>", "<rationale><class>", "<class></rationale>", "&", "&#",
     "9", "{", "{ ", '{"', '{"a":', '{"a":[', '{"class":"a",', '{"class":"a"}', '"class":', "\ud800", "\\"],
)  # fmt: skip
def test_long_hostile_answers_take_linear_time(parse: Callable[[str], object], piece: str) -> None:
    # Seconds of this process alone: another one beside it must not decide.
    started = time.process_time()
    parse(piece * (SIZE // len(piece)))
    parse("<class>&#" + piece * (SIZE // len(piece)))
    parse("{" + " " * SIZE + piece)
    parse('{"class": ' + piece * (SIZE // len(piece)))
    assert time.process_time() - started < 3


def test_nothing_leaves_that_utf_8_cannot_hold() -> None:
    for text in ["<class>\ud83d</class>", "\ud83d", json.dumps({"class": "\ud83d"})]:
        for parse in (parse_tags, parse_json):
            answer = parse(text)
            f"{answer.class_words}{answer.rationale}{answer.problem}".encode()
