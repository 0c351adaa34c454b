"""Long texts: read to their end, and told of where they are longer still."""

import pytest

from batch_classifier.inference.local.embeddings import EmbeddingClassifier
from batch_classifier.inference.local.long_texts import (
    LONG_CHARACTERS,
    NOT_READ_TO_THE_END,
    READ_CHARACTERS,
    long_sentences,
)
from batch_classifier.prompts.loading import load_prompt
from batch_classifier_tests.support.repository import sample_prompt

FILLER = (
    "The weather was mild for the time of year. We sat on the terrace and talked about the children. "
    "My brother came by with his dog, and we had tea. In the evening there was a film on television. "
)
MATTERS = {
    "Payment Problem": "My credit card was charged twice for the same booking.",
    "Cancellation Request": "I want to cancel my hotel reservation.",
    "Technical Support": "The app crashes and I can't log in to my account any more.",
}


@pytest.fixture(scope="module")
def travel() -> EmbeddingClassifier:
    prompt = load_prompt(sample_prompt("travel"))
    return EmbeddingClassifier(prompt.categories, prompt.fallback.name)


@pytest.mark.parametrize("category", MATTERS)
def test_what_comes_late_is_read(travel: EmbeddingClassifier, category: str) -> None:
    before = (FILLER * 200)[:20_000]
    (verdict,) = travel.classify([f"{before}. {MATTERS[category]} {FILLER * 50}"])
    assert verdict.category == category
    assert "speak for it" in verdict.reason
    assert verdict.note is None


def test_a_text_without_end_is_told_of(travel: EmbeddingClassifier) -> None:
    (verdict,) = travel.classify(["I want to cancel my hotel reservation. " * 6_000])
    assert verdict.category == "Cancellation Request"
    assert verdict.note == NOT_READ_TO_THE_END


@pytest.mark.parametrize(
    "text", ["x" * 15_000, "word " * 3_000, "One thing. Another?\n\nA third\nof two lines. " * 300]
)
def test_each_sentence_is_read_once(text: str) -> None:
    found = list(long_sentences(text))
    assert all(text[place : place + len(sentence)] == sentence for place, sentence in found)
    assert len({sentence for _, sentence in found}) == len(found)
    assert all(len(sentence) <= LONG_CHARACTERS for _, sentence in found)
    assert set("".join(text.split())) == set("".join("".join(sentence for _, sentence in found).split()))


def test_no_more_is_read_than_so_much() -> None:
    text = " ".join(f"This is sentence {number}." for number in range(20_000))
    assert max(place + len(sentence) for place, sentence in long_sentences(text)) == READ_CHARACTERS
