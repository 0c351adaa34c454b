"""Languages that the word vectors do not carry: noticed, learned from examples, and else told with little confidence."""

import pytest

from batch_classifier.inference.local.embeddings import NOT_COVERED, EmbeddingClassifier
from batch_classifier.prompts.loading import load_prompt
from batch_classifier_tests.support.repository import sample_prompt
from batch_classifier_tests.support.topics import Topic

# Of so few things that all else is unfamiliar.
NARROW = {
    thing: tuple(
        f"{question} {thing}?"
        for question in ("What is the", "Why is the", "Where is the", "How do I get the", "Is there a")
    )
    for thing in ("exchange fee", "transfer fee", "card delivery", "pending withdrawal", "top-up limit")
}
ELSEWHERE = (
    "explain the virtual one",
    "terminate my subscription please",
    "Play some jazz in the kitchen",
    "It rained on both days of the weekend",
    "remove the milk from my shopping list",
)
FOREIGN = (
    "私の航空券をキャンセルして返金してもらえますか",
    "J'ai été débité deux fois sur ma carte bancaire et je voudrais être remboursé.",
    "Mein Koffer ist nach der Landung nicht auf dem Band gewesen, wer kümmert sich darum?",
    "Kartımdan iki kez ücret çekildi, paramı geri istiyorum.",
)
GERMAN = {
    "Garten": (
        "Wann soll ich die Rosen schneiden?",
        "Die Tomaten haben braune Flecken bekommen",
        "Wie oft muss der Rasen im Sommer gegossen werden?",
        "Welche Sträucher wachsen auch im Schatten gut?",
        "Im Beet wächst mehr Unkraut als Gemüse",
        "Der Apfelbaum trägt in diesem Jahr keine Früchte",
        "Wann werden die Tulpenzwiebeln in die Erde gesteckt?",
        "Schnecken haben den ganzen Salat im Beet gefressen",
        "Die Blätter der Hortensie hängen schlaff herunter",
        "Womit dünge ich die Sträucher und Hecken?",
    ),
    "Werkstatt": (
        "Die Bremsen des Wagens quietschen beim Anhalten",
        "Bitte einen Termin für den Reifenwechsel",
        "Der Motor springt bei Kälte nicht an",
        "Was kostet die Reparatur der Stoßstange?",
        "Im Auto leuchtet die Warnlampe für das Öl",
        "Die Kupplung rutscht, wenn ich Gas gebe",
        "Bitte die Batterie des Wagens prüfen",
        "Der Auspuff ist durchgerostet und laut",
        "Wann ist die nächste Inspektion des Autos fällig?",
        "Die Scheibenwischer schmieren bei Regen",
    ),
}
NEW = {
    "Garten": ("Die Rosen haben Flecken auf den Blättern", "Wie schneide ich den Apfelbaum und die Sträucher?"),
    "Werkstatt": ("Der Motor des Autos ist laut geworden", "Ich brauche einen Termin, die Bremsen quietschen"),
}


@pytest.fixture(scope="module")
def travel() -> EmbeddingClassifier:
    prompt = load_prompt(sample_prompt("travel"))
    return EmbeddingClassifier(prompt.categories, prompt.fallback.name)


@pytest.fixture(scope="module")
def german() -> EmbeddingClassifier:
    topics = [Topic(name, name, examples) for name, examples in GERMAN.items()]
    return EmbeddingClassifier([*topics, Topic("Sonstiges", "alles andere")], "Sonstiges")


@pytest.mark.parametrize("text", FOREIGN)
def test_a_text_in_a_language_of_no_example_is_a_guess_and_says_so(travel: EmbeddingClassifier, text: str) -> None:
    (verdict,) = travel.classify([text])
    assert verdict.note == NOT_COVERED
    assert verdict.confidence < 0.3


def test_english_is_not_noted(travel: EmbeddingClassifier) -> None:
    for verdict in travel.classify(["I was charged twice on my credit card", "cancel", "Please refund me", ""]):
        assert verdict.note is None


def test_english_about_something_else_than_the_examples_is_not_noted() -> None:
    classifier = EmbeddingClassifier(
        [*(Topic(name, name, examples) for name, examples in NARROW.items()), Topic("Other", "everything else")],
        "Other",
    )
    assert [verdict.note for verdict in classifier.classify(ELSEWHERE)] == [None] * len(ELSEWHERE)
    assert {verdict.note for verdict in classifier.classify(FOREIGN)} == {NOT_COVERED}


def test_examples_teach_their_language(german: EmbeddingClassifier) -> None:
    assert not german.learned.understanding.is_by_words
    for name, texts in NEW.items():
        for verdict in german.classify(texts):
            assert (verdict.category, verdict.note) == (name, None)
            assert verdict.confidence > 0.5


def test_what_one_language_teaches_is_no_other(german: EmbeddingClassifier) -> None:
    (verdict,) = german.classify([FOREIGN[0]])
    assert verdict.note == NOT_COVERED
    assert verdict.confidence <= 0.5
