"""The local engine: deterministic, at home with any text, and right often enough to be of use."""

import threading

import pytest

from batch_classifier.inference.local.embeddings import MODEL_ID, EmbeddingClassifier
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.sample_data.generate import sample_rows
from batch_classifier_tests.support.repository import sample_prompt
from batch_classifier_tests.support.topics import GARDEN, Topic


@pytest.fixture(scope="module")
def travel() -> Prompt:
    return load_prompt(sample_prompt("travel"))


@pytest.fixture(scope="module")
def travel_engine(travel: Prompt) -> EmbeddingClassifier:
    return EmbeddingClassifier(travel.categories, travel.fallback.name)


def category_of(engine: EmbeddingClassifier, text: str) -> str:
    return engine.classify([text])[0].category


@pytest.mark.parametrize(("name", "least"), [("travel", 0.9), ("lost_deals", 0.78)])
def test_most_sample_rows_get_their_class(name: str, least: float) -> None:
    prompt = load_prompt(sample_prompt(name))
    engine = EmbeddingClassifier(prompt.categories, prompt.fallback.name)
    rows = list(sample_rows(name, 1_500, seed=11))
    verdicts = engine.classify([row[prompt.input.text] for row in rows])
    right = sum(verdict.category == row[prompt.input.label or ""] for verdict, row in zip(verdicts, rows, strict=True))
    assert right / len(rows) >= least


def test_confident_verdicts_are_right_more_often(travel: Prompt, travel_engine: EmbeddingClassifier) -> None:
    rows = list(sample_rows("travel", 1_500, seed=12))
    verdicts = travel_engine.classify([row["conversation"] for row in rows])
    judged = [
        (verdict.confidence, verdict.category == row["class"]) for verdict, row in zip(verdicts, rows, strict=True)
    ]
    sure = [is_right for confidence, is_right in judged if confidence >= 0.9]
    unsure = [is_right for confidence, is_right in judged if confidence < 0.6]
    assert sum(sure) / len(sure) > 0.95
    assert sum(unsure) / len(unsure) < 0.85


def test_verdicts_do_not_depend_on_how_texts_are_grouped(travel: Prompt, travel_engine: EmbeddingClassifier) -> None:
    texts = [row["conversation"] for row in sample_rows("travel", 150, seed=13)] + ["", "cancel", "User: Hi."]
    together = travel_engine.classify(texts)
    assert [travel_engine.classify([text])[0] for text in texts] == together
    another = EmbeddingClassifier(travel.categories, travel.fallback.name)
    backwards = [
        verdict for start in range(0, len(texts), 7) for verdict in another.classify(texts[::-1][start : start + 7])
    ]
    assert backwards[::-1] == together


def test_an_engine_can_be_shared_by_threads(travel_engine: EmbeddingClassifier) -> None:
    texts = [row["conversation"] for row in sample_rows("travel", 100, seed=14)]
    expected = travel_engine.classify(texts)
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(travel_engine.classify(texts) == expected)) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


@pytest.mark.parametrize("text", ["", "   \n\t ", "🙂🙂", "12345 67-89", "... ?!", "\x00\x1b"])
def test_a_text_without_words_falls_back_and_says_so(travel_engine: EmbeddingClassifier, text: str) -> None:
    verdict = travel_engine.classify([text])[0]
    assert (verdict.category, verdict.tokens) == ("Other", 0)
    assert verdict.confidence < 0.2
    assert "no words" in verdict.reason


def test_a_text_like_nothing_known_falls_back(travel_engine: EmbeddingClassifier) -> None:
    verdict = travel_engine.classify(["Mitochondria are the powerhouse of the cell."])[0]
    assert verdict.category == "Other"
    assert 1 / 11 < verdict.confidence < 0.9, "it may belong to the prompt all the same"
    assert "like no example" in verdict.reason


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "I want to cancel. " * 60_000,
        "User: " * 200_000,
        ": " * 500_000,
        "今天我想取消我的航班预订" * 5_000,
        "أريد إلغاء حجز الفندق",
        "Ich möchte meine Reise stornieren 🙂\u2028weil ich krank bin",
        "Agent: How can I help?",
        "x",
        "\ud800 lone surrogate",
    ],
)
def test_strange_texts_get_a_verdict(travel: Prompt, travel_engine: EmbeddingClassifier, text: str) -> None:
    verdict = travel_engine.classify([text])[0]
    assert verdict.category in travel.class_names
    assert 0 <= verdict.confidence <= 1
    assert len(verdict.reason) < 400


def test_the_customer_decides_and_not_the_agent(travel_engine: EmbeddingClassifier) -> None:
    told = "I was charged twice for one and the same room."
    offered = "I have cancelled the booking for you, you can collect loyalty points and book a new flight."
    for form in (
        f"User: {told} Agent: {offered}",
        f"Agent: Good morning. Customer: Hello there. Agent: Yes? Customer: {told}\nAgent: {offered}",
        f"[Representative]: How can I help?\n[Caller]: {told}\n[Representative]: {offered}",
        f"Agent Maria: Hello!\nClient: {told}\nAgent Maria: {offered}",
    ):
        assert category_of(travel_engine, form) == "Payment Problem"


def test_greetings_and_account_numbers_carry_nothing(travel_engine: EmbeddingClassifier) -> None:
    text = (
        "User: Good morning! How are you today? My name is Ngozi Müller and my customer number is 4711. "
        "Agent: Thank you. User: The app shows an error and I can't log in. Agent: Let me help."
    )
    assert category_of(travel_engine, text) == "Technical Support"


def test_a_colon_in_a_note_makes_no_dialogue() -> None:
    engine = EmbeddingClassifier(GARDEN, "None")
    assert category_of(engine, "The roses and the tomatoes want water. Customer: Smith Ltd") == "Plants"


def test_reasons_name_what_was_nearest_and_what_came_second(travel_engine: EmbeddingClassifier) -> None:
    verdict = travel_engine.classify(["User: Please cancel my hotel reservation. Agent: Of course."])[0]
    assert verdict.category == "Cancellation Request"
    assert "Nearest to the example “Please cancel my hotel reservation" in verdict.reason
    assert "similarity 0." in verdict.reason
    assert "next is " in verdict.reason


def test_reasons_never_look_like_tags() -> None:
    """The reason is put between tags, so that an angle bracket in an example would end it early."""
    topics = (Topic("A", "about <rationale> tags", ("</rationale> the mower",)), Topic("B", "flowers and trees"))
    for verdict in EmbeddingClassifier(topics, "B").classify(["the mower", "rationale tags", "flowers"]):
        assert "<" not in verdict.reason and ">" not in verdict.reason


def test_descriptions_alone_are_enough_to_begin_with() -> None:
    topics = [Topic(topic.name, topic.description) for topic in GARDEN]
    engine = EmbeddingClassifier(topics, "None")
    assert category_of(engine, "How often should I water the trees?") == "Plants"
    assert category_of(engine, "The saw is broken and needs repair") == "Tools"


def test_categories_without_any_words_do_no_harm() -> None:
    engine = EmbeddingClassifier((Topic("1", "🙂"), Topic("2", "…")), "2")
    assert engine.classify(["a text about trees"])[0].category == "2"


def test_the_table_of_words_does_not_grow_without_bound(
    monkeypatch: pytest.MonkeyPatch, travel: Prompt, travel_engine: EmbeddingClassifier
) -> None:
    texts = [row["conversation"] for row in sample_rows("travel", 100, seed=15)]
    expected = travel_engine.classify(texts)
    monkeypatch.setattr("batch_classifier.inference.local.remembered_words._MOST_WORDS", 50)
    small = EmbeddingClassifier(travel.categories, travel.fallback.name)
    assert small.classify(texts) == expected


def test_the_model_has_a_name_and_a_version() -> None:
    assert MODEL_ID.startswith("local/")
    assert MODEL_ID[-1].isdigit()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", " \n", "\u2028"])
def test_lines_that_were_wrapped_are_read_on(travel_engine: EmbeddingClassifier, line_end: str) -> None:
    text = "Customer: Good morning, I need to cancel my flight to Lisbon, as my mother is ill. Agent: I'm sorry to hear that."
    wrapped = line_end.join(text.split(" "))
    assert travel_engine.classify([wrapped]) == travel_engine.classify([text])
    assert (
        category_of(travel_engine, f"I need to{line_end}cancel{line_end}my{line_end}flight") == "Cancellation Request"
    )


def test_a_long_sentence_is_read_to_its_end(travel_engine: EmbeddingClassifier) -> None:
    """Notes and transcripts by machine come without full stops."""
    greeting = "yes hello good morning this is john smith how are you today " * 8
    assert (
        category_of(travel_engine, f"Customer: {greeting} i was charged twice for the same hotel") == "Payment Problem"
    )
