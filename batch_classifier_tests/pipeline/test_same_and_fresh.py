"""Which texts are asked: those that differ in nothing that matters once, and those that are known again where a person wants it."""

from collections.abc import Callable

import pytest

from batch_classifier.inference.prices import Price
from batch_classifier_tests.support.outcomes import metadata_of
from batch_classifier_tests.support.project import Project, scripted
from batch_classifier_tests.support.scripted_inference import said

TEXTS = ["My flight", "MY  FLIGHT ", "my ﬂight", "My flight!"]
FRESH = {"batch_classifier/fresh": "yes"}


def test_texts_that_differ_in_nothing_that_matters_are_asked_once(projects: Callable[..., Project]) -> None:
    """In the file and in what is known from others; each row keeps its own words."""
    project = projects(same_text="normalised")
    rows = project.classify("calls.csv", TEXTS)
    assert [row["input_text"] for row in rows] == TEXTS and {row["class"] for row in rows} == {"Travel"}
    assert scripted(project).asked == ["My flight", "My flight!"]
    assert [row["source"] for row in rows] == ["model", "duplicate", "duplicate", "model"]
    (again,) = project.classify("next.csv", ["my FLIGHT!"])
    assert (again["class"], again["source"]) == (rows[3]["class"], "earlier_answer")
    assert len(scripted(project).asked) == 2


def test_a_change_of_what_counts_as_the_same_asks_only_texts_that_have_another_id(
    projects: Callable[..., Project],
) -> None:
    """The version stays, and with it the answers to texts that are in normal form already."""
    project = projects()
    project.classify("calls.csv", ["my flight", "My Flight"])
    version = project.prompt.version
    project.set_prompt(same_text="normalised")
    rows = project.classify("calls.csv", ["my flight", "My Flight"])
    assert project.prompt.version == version and len(scripted(project).asked) == 2
    assert [row["source"] for row in rows] == ["model", "duplicate"], "the answer that this file paid for"


def test_a_fresh_run_asks_again_and_is_paid_again(projects: Callable[..., Project]) -> None:
    """Its answers take the place of the old ones, its costs come to theirs, and a repeat of what was killed asks nothing twice."""
    project = projects(budget_usd=100)
    inference = scripted(project)
    inference.usd = Price(1_000.0, 1_000.0)
    inference.reply = lambda _text: said("<class>Travel</class>")
    before = project.classify("calls.csv", ["charge", "flight"])
    inference.reply = lambda _text: said("<class>Billing</class>")
    assert [row["class"] for row in project.classify("calls.csv", ["charge", "flight"])] == ["Travel"] * 2
    assert len(inference.asked) == 2, "as ever, what is known is not asked"

    killed = project.make("calls.csv", "raw_requests", "bedrock_jsonl", "batch_job", tags=FRESH)
    assert killed.success and metadata_of(killed, "bedrock_jsonl")["asked_again"] == 2
    fresh = project.make("calls.csv", tags=FRESH)
    assert fresh.success and len(inference.asked) == 4 and len(inference.submitted) == 2
    rows = project.rows("classifications")
    assert [row["class"] for row in rows] == ["Billing"] * 2 and [row["source"] for row in rows] == ["model"] * 2
    assert [row["cost_usd"] for row in rows] == pytest.approx([2 * row["cost_usd"] for row in before])
    assert all(row["answered_at"] > old["answered_at"] for row, old in zip(rows, before, strict=True))
    assert project.make("calls.csv", tags=FRESH).success and len(inference.asked) == 6, "each wish is one"
    assert len(project.query("select * from tickets.bill")) == 3
    plain = project.make("calls.csv")
    assert plain.success and metadata_of(plain, "bedrock_jsonl")["asked_again"] == 0 and len(inference.asked) == 6
