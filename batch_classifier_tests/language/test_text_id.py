"""The id of a text: one rule, whether a text comes alone or many come in an Arrow array."""

import hashlib
import sys

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_classifier.language.text_id import normal_form, text_id, text_ids


def test_an_id_is_half_of_the_sha256_of_the_stripped_text() -> None:
    """Ids are in the tables of every home: another rule would have all texts asked and paid for again."""
    assert text_id(" My flight\n") == hashlib.sha256(b"My flight").hexdigest()[:32]


@given(st.lists(st.none() | st.text(alphabet=st.characters(exclude_categories=["Cs"]))), st.integers(0, 3))
def test_many_texts_get_the_ids_that_each_gets_alone(texts: list[str | None], start: int) -> None:
    expected = [text_id(text) if text and text.strip() else None for text in texts]
    assert text_ids(pa.array(texts, pa.string()).slice(start)).to_pylist() == expected[start:]


def test_arrow_and_python_take_the_same_characters_for_white_space() -> None:
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    found = text_ids(pa.array([f"{character}x{character}" for character in characters])).to_pylist()
    plain = text_id("x")
    different = [c for c, one in zip(characters, found, strict=True) if (one == plain) != (f"{c}x{c}".strip() == "x")]
    assert different == []


@pytest.mark.parametrize("texts", [[], [None, None], ["", " "]])
def test_nothing_to_hash_is_no_id(texts: list[str | None]) -> None:
    assert text_ids(pa.array(texts, pa.string())).to_pylist() == [None] * len(texts)


def test_what_lies_in_the_memory_of_a_missing_text_is_not_hashed() -> None:
    """An array may keep bytes where it says that there is nothing."""
    there = pa.array(["hidden", "seen"])
    masked = pa.Array.from_buffers(pa.string(), 2, [pa.py_buffer(b"\x02"), *there.buffers()[1:]])
    assert text_ids(masked).to_pylist() == [None, text_id("seen")]


SAME = [
    "Straße  nach\tKöln",
    "STRASSE nach ko\u0308ln\n",
    " ﬆrasse nach KÖLN".replace("ﬆ", "st"),
    "strasse\u00a0nach köln",
]


def test_what_does_not_matter_makes_no_other_text_where_a_prompt_says_so() -> None:
    """White space, letter case and Unicode form; everything else does."""
    assert len({text_id(text) for text in SAME}) == 4 and len({text_id(text, "normalised") for text in SAME}) == 1
    others = ["strasse nach koln", "strasse nach köln?", "strasse nachköln"]
    assert len({text_id(text, "normalised") for text in [SAME[0], *others]}) == 4
    assert text_id("already so", "normalised") == text_id("already so"), "what is in this form keeps its id"


@given(st.lists(st.none() | st.text(alphabet=st.characters(exclude_categories=["Cs"]))))
def test_many_texts_get_their_normalised_ids_likewise(texts: list[str | None]) -> None:
    expected = [text_id(text, "normalised") if text and text.strip() else None for text in texts]
    assert text_ids(pa.array(texts, pa.string()), "normalised").to_pylist() == expected
    forms = [normal_form(text) for text in texts if text]
    assert [normal_form(form) for form in forms] == forms, "a form is its own form"
