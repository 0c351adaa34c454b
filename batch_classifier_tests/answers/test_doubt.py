"""The doubt of classes: wrong answers stand out, and where nothing can be said there is none."""

import csv
from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest

from batch_classifier.answers.doubt import doubts, usual_shares
from batch_classifier.evaluation.drawing import draw
from batch_classifier.evaluation.drawn import Drawn
from batch_classifier.sample_data.generate import sample_rows
from batch_classifier.warehouse.queries import texts_and_classes
from batch_classifier_tests.support.outcomes import failure_of, metadata_of
from batch_classifier_tests.support.project import EVERYTHING, Project


def test_a_class_is_doubtful_as_far_as_another_is_likelier_than_usual() -> None:
    shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]])
    given = np.array([0, 0, 1, 1])
    usual = usual_shares(shares, given)
    assert usual[0] > usual[1]  # the second category's texts usually get less
    first, second, third, fourth = doubts(shares, given, usual)
    assert first < second < 0.5 and third < fourth
    # For a second category's text 0.4 is near to the usual; plainly taken it would be in greater doubt than that.
    assert fourth < 0.6


def test_a_category_that_nobody_has_seen_is_in_doubt_and_no_number_is_lost() -> None:
    shares = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    usual = usual_shares(shares, np.array([0, 0]))
    assert doubts(shares, np.array([0, 2]), usual).tolist() == [0.0, 1.0]


@pytest.fixture(scope="module")
def flipped(projects: Callable[..., Project]) -> tuple[Project, dict[str, bool], dict[str, Any]]:
    """Deals that a model has classified, one of twenty at random; which texts these are, and what Dagster shows."""
    rows = list(sample_rows("lost_deals", 600, seed=5))
    names = sorted({row["lost_reason"] for row in rows})
    chance, answers, is_flipped = Random(1), {}, {}
    for row in rows:
        if row["notes"] not in answers:
            is_flipped[row["notes"]] = chance.random() < 0.05
            others = [name for name in names if name != row["lost_reason"]]
            answers[row["notes"]] = chance.choice(others) if is_flipped[row["notes"]] else row["lost_reason"]
    project = projects(
        lambda text: f"<class>{answers[text]}</class>",
        input={"text": "notes", "id": "deal_id"},
        categories=[{"name": name, "description": "a reason"} for name in [*names, "Never"]],
        fallback="Never",
    )
    project.drop("deals.csv", rows)
    result = project.make("deals.csv", *EVERYTHING)
    assert result.success, failure_of(result)
    return project, is_flipped, metadata_of(result, "classifications")


def test_the_most_doubtful_tenth_holds_the_flips(flipped: tuple[Project, dict[str, bool], dict[str, Any]]) -> None:
    project, is_flipped, metadata = flipped
    by_text = {row["input_text"]: row["doubt"] for row in project.rows("classifications")}
    assert all(0 <= doubt <= 1 for doubt in by_text.values())
    most = sorted(by_text, key=lambda text: -by_text[text])[: len(by_text) // 10]
    assert sum(is_flipped[text] for text in most) >= 0.9 * sum(is_flipped.values()) > 10
    assert metadata["doubt_learned_from_texts"] == len(by_text) and metadata["doubt_agreement"] > 0.85
    assert "without_doubt" not in metadata


def test_the_same_text_has_the_same_doubt_in_the_table_and_in_result_files(
    flipped: tuple[Project, dict[str, bool], dict[str, Any]],
) -> None:
    project, _, _ = flipped
    rows = project.rows("classifications")
    assert len({(row["text_id"], row["doubt"]) for row in rows}) == len({row["text_id"] for row in rows}) < len(rows)
    (file,) = project.home.glob("output_data/**/*.csv")
    with file.open(encoding="utf-8-sig", newline="") as lines:
        written = list(csv.DictReader(lines))
    assert [float(row["doubt"]) for row in written] == [row["doubt"] for row in rows]


def test_a_sample_to_label_prefers_what_is_in_doubt(flipped: tuple[Project, dict[str, bool], dict[str, Any]]) -> None:
    project, is_flipped, _ = flipped
    texts = {row["text_id"]: row["input_text"] for row in project.rows("classifications")}
    with project.warehouse.stream(project.prompt_name, texts_and_classes(project.warehouse, project.prompt)) as rows:
        drawn = draw(rows, 40, seed=1)
    uncertain = [text_id for text_id, why in drawn.items() if why is Drawn.UNCERTAIN]
    assert len(uncertain) == 10 and sum(is_flipped[texts[text_id]] for text_id in uncertain) >= 8


def test_few_texts_leave_the_column_empty_and_the_metadata_says_why(project: Project) -> None:
    project.drop("calls.csv", ["I was charged twice", "My flight was moved"])
    result = project.make("calls.csv", *EVERYTHING)
    assert [row["doubt"] for row in project.rows("classifications")] == [None, None]
    assert "2 distinct texts are too few" in metadata_of(result, "classifications")["without_doubt"]
    (file,) = project.home.glob("output_data/**/*.csv")
    assert "doubt" not in file.read_text(encoding="utf-8-sig").splitlines()[0]
