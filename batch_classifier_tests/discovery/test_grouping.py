"""Groups of texts that are about the same thing, the words that tell them, and a category made of one."""

import random
from pathlib import Path

import pytest
import yaml

from batch_classifier.discovery.grouping import FEWEST_TEXTS, Group, find_groups
from batch_classifier.discovery.proposal import proposed_category, proposed_prompt
from batch_classifier.prompts.loading import load_prompt

OPENINGS = ("Hello,", "Please help,", "I have a question:", "Good morning,", "Excuse me,")
LUGGAGE = (
    "my suitcase did not arrive at the airport",
    "the airline lost our luggage in Madrid",
    "one of our bags is missing after the flight",
    "where is my luggage, the suitcase is still not here",
    "the lost bag was delivered to another airport",
    "my baggage is missing and nobody at the airport knows where the suitcase is",
)
MUSIC = (
    "the concert of the orchestra was moved to Friday",
    "which symphony does the orchestra play tonight",
    "the singer of the concert is ill",
    "can we sit closer to the orchestra at the concert",
    "the opera begins with a concert for piano",
    "is the piano concert sold out",
)


def _texts(sentences: tuple[str, ...], count: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return list(dict.fromkeys(f"{chance.choice(OPENINGS)} {chance.choice(sentences)}" for _ in range(count)))


@pytest.fixture(scope="module")
def groups() -> list[Group]:
    return find_groups(_texts(LUGGAGE, 60, 1) + _texts(MUSIC, 30, 2))


def test_each_group_is_of_one_kind(groups: list[Group]) -> None:
    assert len(groups) >= 2
    for group in groups:
        kinds = {any(sentence in text for sentence in LUGGAGE) for text in group.typical}
        assert len(kinds) == 1, group


def test_as_many_groups_as_are_asked_for_and_no_more() -> None:
    texts = _texts(LUGGAGE, 60, 1) + _texts(MUSIC, 30, 2)
    assert len(find_groups(texts, number=2)) == 2
    finer = find_groups(texts, number=9)
    assert 2 < len(finer) <= 9
    assert all(group.size >= FEWEST_TEXTS for group in finer)
    assert find_groups(texts[:FEWEST_TEXTS], number=200) == []


def test_the_words_tell_what_a_group_is_about(groups: list[Group]) -> None:
    words = {word for group in groups for word in group.words}
    assert {"orchestra", "concert", "piano", "opera", "symphony"} & words
    assert {"suitcase", "luggage", "missing", "airport", "lost"} & words
    assert not {"the", "is", "my", "of", "not"} & words


def test_what_the_other_texts_say_as_well_tells_nothing() -> None:
    others = [f"{text} at the airport" for text in _texts(MUSIC, 60, 3)]
    words = {word for group in find_groups(_texts(LUGGAGE, 60, 1), others) for word in group.words[:3]}
    assert "airport" not in words and words


def test_groups_are_the_same_each_time(groups: list[Group]) -> None:
    assert find_groups(_texts(LUGGAGE, 60, 1) + _texts(MUSIC, 30, 2)) == groups


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["the same text"] * 3,
        ["one", "two", "three", "four"],
        ["🙂", "…", "12", "!!", "??", "--"],
        [f"word{number}" for number in range(FEWEST_TEXTS)],
        ["", " ", "\n", "\ud800", "\x00", "x"],
    ],
)
def test_texts_without_groups_are_no_error(texts: list[str]) -> None:
    for group in find_groups(texts):
        assert FEWEST_TEXTS <= group.size <= len(texts)


def test_a_group_becomes_a_category_with_its_texts_as_examples(groups: list[Group]) -> None:
    category = proposed_category(groups[0])
    assert category.name and category.examples
    assert all(word in category.description for word in groups[0].words if word.isalpha())
    assert proposed_category(groups[0], "Lost Luggage").name == "Lost Luggage"


def test_of_a_long_text_the_example_is_where_the_telling_words_are() -> None:
    long = "Good morning, how are you. " * 40 + "My suitcase is lost at the airport. " + "Thank you very much. " * 40
    category = proposed_category(Group(("suitcase", "lost", "airport"), 9, (long, "a\nshort\x07 one")))
    assert category.examples[0].startswith("My suitcase is lost at the airport.")
    assert len(category.examples[0]) <= 300
    assert category.examples[1] == "a short one"


def test_a_drafted_prompt_file_loads(groups: list[Group], tmp_path: Path) -> None:
    path = tmp_path / "drafted.yaml"
    path.write_text(proposed_prompt([*groups, groups[0]], "body", "ticket"), encoding="utf-8")
    prompt = load_prompt(path)
    assert prompt.input.text == "body" and prompt.input.id == "ticket"
    assert len(prompt.class_names) == len(groups) + 2 == len(set(prompt.class_names))
    assert prompt.fallback.name == "Other"
    written = path.read_text(encoding="utf-8")
    assert yaml.safe_load(written)["categories"][0]["examples"]
    assert "\n  - {{ category.name }}: {{ category.description }}\n" in written
    assert "Answer with <class>" in prompt.instructions
