"""Which texts are drawn for labelling, and why."""

from collections import Counter

import pyarrow as pa
import pytest

from batch_classifier.evaluation.drawing import draw
from batch_classifier.evaluation.drawn import Drawn

SCHEMA = pa.schema([("text_id", pa.string()), ("class", pa.string()), ("doubt", pa.float64())])


def rows(number: int, with_doubt: bool = True) -> list[pa.RecordBatch]:
    """Requests of which every hundredth is of a rare class; the higher its number, the surer the model is of a text."""
    made = [
        {
            "text_id": f"text-{place}",
            "class": "rare" if place % 100 == 99 else "common" if place % 2 else None,
            "doubt": 1 - place / number if with_doubt else None,
        }
        for place in range(number)
    ]
    return [pa.RecordBatch.from_pylist(made[at : at + 300], schema=SCHEMA) for at in range(0, number, 300)]


def why(drawn: dict[str, Drawn]) -> dict[Drawn, list[int]]:
    return {kind: [int(text.split("-")[1]) for text, one in drawn.items() if one is kind] for kind in Drawn}


def test_half_is_chance_and_the_rest_doubt_and_categories() -> None:
    drawn = draw(rows(2_000), 80, seed=1)
    numbers = why(drawn)
    assert {kind: len(some) for kind, some in numbers.items()} == {
        Drawn.RANDOM: 40,
        Drawn.UNCERTAIN: 20,
        Drawn.CATEGORY: 20,
    }
    assert max(numbers[Drawn.UNCERTAIN]) < 25, "those of which the model is least sure"
    classes = Counter("rare" if n % 100 == 99 else "common" if n % 2 else None for n in numbers[Drawn.CATEGORY])
    assert set(classes) == {"rare", "common", None} and max(classes.values()) - min(classes.values()) <= 2


def test_chance_draws_from_all_alike() -> None:
    """Over many seeds the mean place is in the middle: neither class nor doubt sways it."""
    places = [place for seed in range(60) for place in why(draw(rows(1_000), 40, seed))[Drawn.RANDOM]]
    assert len(places) == 1_200 and sum(places) / len(places) == pytest.approx(499.5, abs=40)


def test_the_same_seed_draws_the_same_and_another_others() -> None:
    assert draw(rows(1_000), 50, 3) == draw(list(reversed(rows(1_000))), 50, 3)
    assert why(draw(rows(1_000), 50, 3))[Drawn.RANDOM] != why(draw(rows(1_000), 50, 4))[Drawn.RANDOM]


def test_without_doubt_the_categories_take_its_part() -> None:
    assert Counter(draw(rows(1_000, with_doubt=False), 40, 1).values()) == {
        Drawn.RANDOM: 20,
        Drawn.CATEGORY: 20,
    }


def test_a_text_is_drawn_once_however_often_it_stands_there() -> None:
    drawn = draw(rows(30) * 5, 100, 1)
    assert len(drawn) == 30, "all there are"
    assert Counter(drawn.values())[Drawn.RANDOM] == 30


def test_nothing_is_drawn_from_nothing() -> None:
    assert draw([], 10, 1) == {}
