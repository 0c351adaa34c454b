"""What the local engine learns from a prompt's own examples: a trained head, confidence, and who is a stranger."""

import random
from collections.abc import Sequence

import pytest

from batch_classifier.inference.local.combination import Combination
from batch_classifier.inference.local.embeddings import EmbeddingClassifier
from batch_classifier.inference.local.strangers import Strictness
from batch_classifier.language.other_subjects import OTHER_SUBJECTS
from batch_classifier.sample_data.generate import sample_rows
from batch_classifier_tests.support.topics import GARDEN, Topic

OPENINGS = (
    "Please",
    "Hello,",
    "Could you",
    "I would like you to",
    "Hi there,",
    "We need you to",
    "Kindly",
    "Good day,",
)
ENDINGS = (
    "today",
    "as soon as you can",
    "for our office",
    "before noon",
    "if possible",
    "this week",
    "once more",
    "now",
)
ORDERS = {
    "Send to us": (
        "send the parcel from Rome to us",
        "bring the crate from Oslo to us",
        "ship the box from Lyon to us",
    ),
    "Send from us": (
        "send the parcel from us to Rome",
        "bring the crate from us to Oslo",
        "ship the box from us to Lyon",
    ),
    "Invoice": ("print the invoice", "correct the bill", "pay the invoice in two parts"),
}
STRANGERS = (
    "The cathedral's choir sings on Sunday evenings",
    "Photosynthesis turns light into sugar",
    "Who painted the ceiling of the chapel?",
    "My knee hurts when I climb stairs",
    "Convert ninety miles into kilometres",
    "The goalkeeper was sent off after ten minutes",
    "Whales breathe air and feed their young with milk",
    "What rhymes with orange?",
    "The comet will be seen again in seventy years",
    "Roast the almonds until they are golden",
)


def _texts(seed: int, each: int) -> dict[str, list[str]]:
    chance = random.Random(seed)
    return {
        name: [f"{chance.choice(OPENINGS)} {chance.choice(orders)} {chance.choice(ENDINGS)}" for _ in range(each)]
        for name, orders in ORDERS.items()
    }


def _categories(each: int) -> list[Topic]:
    examples = _texts(1, each)
    return [*(Topic(name, name, tuple(examples[name])) for name in ORDERS), Topic("Other", "anything else")]


def _texts_of(judge: Combination) -> int:
    assert judge.border is not None
    return judge.border.texts


def _right(engine: EmbeddingClassifier, texts: dict[str, list[str]]) -> float:
    judged = [verdict.category == name for name, some in texts.items() for verdict in engine.classify(some)]
    return sum(judged) / len(judged)


@pytest.fixture(scope="module")
def engine() -> EmbeddingClassifier:
    return EmbeddingClassifier(_categories(12), "Other")


def test_with_examples_it_learns_what_the_sum_of_the_words_cannot_tell(engine: EmbeddingClassifier) -> None:
    """The first two categories have the same words in another order."""
    assert engine.learned.has_head
    assert engine.learned.examples == 36
    assert _right(engine, _texts(2, 40)) > 0.9


def test_few_examples_teach_no_head() -> None:
    few = EmbeddingClassifier(GARDEN, "None")
    assert not few.learned.has_head
    assert few.learned.examples == 0


def test_learning_is_deterministic(engine: EmbeddingClassifier) -> None:
    again = EmbeddingClassifier(_categories(12), "Other")
    texts = [text for some in _texts(3, 20).values() for text in some]
    assert again.learned == engine.learned
    assert again.classify(texts) == engine.classify(texts)


def test_no_verdict_depends_on_what_is_beside_it(engine: EmbeddingClassifier) -> None:
    texts = [text for some in _texts(4, 15).values() for text in some] + ["", "Customer: print it. Agent: Of course."]
    together = engine.classify(texts)
    assert [engine.classify([text])[0] for text in texts] == together


@pytest.mark.parametrize("strictness", ["normal", "high"])
def test_most_strangers_end_in_the_fallback(strictness: Strictness) -> None:
    strict = EmbeddingClassifier(_categories(12), "Other", strictness)
    assert not set(STRANGERS) & set(OTHER_SUBJECTS)
    assert sum(verdict.category == "Other" for verdict in strict.classify(STRANGERS)) >= 7


def test_the_stricter_the_more_is_a_stranger() -> None:
    found = []
    texts: Sequence[str] = [text for some in _texts(5, 60).values() for text in some]
    for strictness in ("low", "normal", "high"):
        engine = EmbeddingClassifier(_categories(12), "Other", strictness)
        found.append(sum(verdict.category == "Other" for verdict in engine.classify(texts)))
    assert found == sorted(found)
    assert found[-1] <= len(texts) * 0.2, "what belongs to the prompt mostly stays"


def test_ordinary_texts_of_a_prompt_without_examples_are_no_strangers() -> None:
    news = [Topic("Sports", "Sports"), Topic("Business", "Business"), Topic("World", "World"), Topic("Other", "Other")]
    engine = EmbeddingClassifier(news, "Other")
    texts = (
        "The striker signed a contract with the champions for three seasons",
        "Shares of the chip maker fell after the quarterly earnings",
        "The president met the foreign ministers of the neighbouring countries",
        "The home team won the cup final after extra time",
        "The company reports higher profits and buys back stock",
    )
    kept = [verdict.category for verdict in engine.classify(texts)]
    assert kept.count("Other") <= 1, kept


def test_no_confidence_is_beyond_what_can_be_known(engine: EmbeddingClassifier) -> None:
    verdicts = engine.classify([text for some in _texts(6, 30).values() for text in some])
    assert max(verdict.confidence for verdict in verdicts) < 1
    assert len({verdict.confidence for verdict in verdicts}) > 20


def test_calls_as_examples_teach_how_to_judge_calls() -> None:
    """What is said around the matter is no example of it, and how sure one can be of calls is learned from calls."""
    rows = list(sample_rows("travel", 700, seed=21))
    topics = [
        Topic(name, name, tuple(row["conversation"] for row in rows[:400] if row["class"] == name)[:5])
        for name in sorted({row["class"] for row in rows})
    ]
    engine = EmbeddingClassifier(topics, "Other")
    assert _texts_of(engine.learned.spoken) >= 20
    assert _texts_of(engine.learned.plain) == 0
    verdicts = engine.classify([row["conversation"] for row in rows[400:]])
    right = [verdict.category == row["class"] for verdict, row in zip(verdicts, rows[400:], strict=True)]
    assert sum(right) / len(right) > 0.9
    sure = sum(verdict.confidence for verdict in verdicts) / len(verdicts)
    assert abs(sure - sum(right) / len(right)) < 0.08
