"""The cascade through the assets: a sample first, then what is left; later files by what is known; off when the promise breaks."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import dagster as dg
import pytest

from batch_classifier.answers.finished_jobs import Way
from batch_classifier.cascade.standing import Standing
from batch_classifier.defs.sensors.alerts import alert_of_jobs
from batch_classifier.inference.prices import Price
from batch_classifier.notes.waiting import WaitingNotes
from batch_classifier.sample_data.generate import sample_rows
from batch_classifier_tests.support.outcomes import failure_of, metadata_of
from batch_classifier_tests.support.project import EVERYTHING, Project, scripted

Rows = list[Mapping[str, str]]
SAMPLE = 250


@pytest.fixture(scope="module")
def deals() -> Rows:
    return list(sample_rows("lost_deals", 1_250, seed=7))


@pytest.fixture(scope="module")
def project(projects: Callable[..., Project], deals: Rows) -> Project:
    """A project whose model is wrong in 1 of 100 texts."""
    chance = Random(3)
    names = sorted({row["lost_reason"] for row in deals})
    answers = {row["notes"]: row["lost_reason"] for row in deals}
    answers |= {text: chance.choice(names) for text in answers if chance.random() < 0.01}
    project = projects(
        lambda text: f"<class>{answers[text]}</class>",
        price=Price(1.0, 5.0),
        input={"text": "notes", "id": "deal_id"},
        categories=[{"name": name, "description": "a reason"} for name in [*names, "Never"]],
        fallback="Never",
        cascade={"sample": SAMPLE, "agreement": 0.95},
    )
    return project


def made(project: Project, request_file: str, *assets: str) -> Any:
    result = project.make(request_file, *(assets or EVERYTHING))
    assert result.success, failure_of(result)
    return result


def standing_of(project: Project) -> Standing:
    return Standing(scripted(project).internal, project.prompt, "scripted-1")


@pytest.fixture(scope="module")
def first(project: Project, deals: Rows) -> dict[str, Any]:
    """What Dagster shows of the first file's batches, in the first run and in the second, and how many were asked by then."""
    project.drop("first.csv", deals[:850])
    shown = [metadata_of(made(project, "first.csv"), "bedrock_jsonl")]
    asked = [len(scripted(project).asked)]
    materialized = {table: len(project.rows(table, "first.csv")) for table in ("batch_job", "classifications")}
    (_, note), *_ = WaitingNotes().read(scripted(project).internal)
    shown.append(metadata_of(made(project, "first.csv"), "bedrock_jsonl"))
    asked.append(len(scripted(project).asked))
    return {"shown": shown, "asked": asked, "materialized": materialized, "note": note}


def test_a_sample_goes_first_and_the_run_is_green_without_classifications(first: dict[str, Any]) -> None:
    assert first["asked"][0] == SAMPLE == first["shown"][0]["new_texts"]
    assert first["materialized"] == {"batch_job": 0, "classifications": 0}
    assert first["note"].goes_on_from == "bedrock_jsonl" and list(first["note"].jobs)
    assert first["shown"][0]["waiting_for_the_sample"] == first["shown"][0]["distinct_texts"] - SAMPLE


def test_what_is_left_is_answered_by_whom_the_sample_lets(project: Project, first: dict[str, Any]) -> None:
    shown, rows = first["shown"][1], project.rows("classifications", "first.csv")
    texts = shown["distinct_texts"]
    assert shown["answered_by_local_model"] > texts / 3
    assert first["asked"][1] == texts - shown["answered_by_local_model"]
    assert len(rows) == 850 and {row["status"] for row in rows} == {"classified"}
    local = [row for row in rows if row["source"] == "local_model"]
    assert len(local) == shown["answered_by_local_model"]
    assert {row["cost_usd"] for row in local} == {0.0} and {row["model_id"][:12] for row in local} == {"local_model-"}
    assert all(row["confidence"] >= round(shown["certified_confidence"], 4) for row in local)
    assert all(row["doubt"] == pytest.approx(1 - row["confidence"], abs=1e-4) for row in local)
    asked = [row for row in rows if row["source"] == "model"]
    assert {row["model_id"] for row in asked} == {"scripted-1"} and all(row["cost_usd"] > 0 for row in asked)
    jobs = project.rows("batch_job", "first.csv")
    assert {job["way"] for job in jobs} == {Way.BATCH, Way.LOCAL_MODEL}
    assert not project.query(f"select * from {project.prompt_name}.bill where way = 'local_model'")
    assert not WaitingNotes().read(scripted(project).internal)


def test_the_answers_are_nearly_all_those_that_the_model_would_have_given(
    project: Project, first: dict[str, Any]
) -> None:
    rows = {row["input_text"]: row["class"] for row in project.rows("classifications", "first.csv")}
    said = {text: str(scripted(project).reply(text)).removeprefix("<class>").removesuffix("</class>") for text in rows}
    assert sum(rows[text] == said[text] for text in rows) >= 0.95 * len(rows)


def test_a_run_that_starts_again_sends_nothing_and_gives_the_same_rows(project: Project, first: dict[str, Any]) -> None:
    before, asked = project.rows("classifications", "first.csv"), len(scripted(project).asked)
    made(project, "first.csv")
    assert len(scripted(project).asked) == asked
    after = project.rows("classifications", "first.csv")
    assert [(row["text_id"], row["class"], row["model_id"]) for row in after] == [
        (row["text_id"], row["class"], row["model_id"]) for row in before
    ]


def test_a_later_file_goes_by_what_is_known_and_its_audit_counts_on(
    project: Project, first: dict[str, Any], deals: Rows
) -> None:
    asked = len(scripted(project).asked)
    project.drop("later.csv", deals[850:])
    shown = metadata_of(made(project, "later.csv"), "bedrock_jsonl")
    assert shown["answered_by_local_model"] > 50 and shown["waiting_for_the_sample"] == 0
    assert len(scripted(project).asked) - asked == shown["new_texts"] > 0
    assert shown["drawn_answers"] >= 0.9 * SAMPLE
    project.run("later.csv", "classifications")
    result = project.run("later.csv", "classifications")
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "cascade_agreement"]
    metadata = {name: one.value for name, one in check.metadata.items()}
    assert check.passed and metadata["audited"] and metadata["cascade"] == "on"
    # The check has run before, and the audit counts once.
    assert (
        metadata["files_judged"] == len(standing_of(project).audits()) == 1
        and 0 <= float(str(metadata["evidence"])) < 20
    )


def test_a_broken_promise_turns_it_off_and_everything_is_sent(
    project: Project, first: dict[str, Any], deals: Rows
) -> None:
    """The model answers otherwise all at once, as when its service changes it."""
    scripted(project).reply = lambda _text: "<class>Never</class>"
    rows = [{**row, "notes": f"{row['notes']} Again."} for row in deals[:600]]
    project.drop("turned.csv", rows)
    made(project, "turned.csv")
    result = project.run("turned.csv", "classifications")
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "cascade_agreement"]
    assert not check.passed and str(check.metadata["cascade"].value).startswith("off: of ")
    (ended,) = [event for event in result.all_events if event.event_type is dg.DagsterEventType.RUN_SUCCESS]
    context = dg.build_run_status_sensor_context("alerts_of_jobs", ended, project.instance, result.dagster_run)
    alert = alert_of_jobs(context, None)
    assert (
        alert is not None and "the cascade is off" in alert.causes[0] and alert.outcome == "has turned its cascade off"
    )
    off = standing_of(project).off()
    assert off is not None and off["differing"] > 10
    # Whoever turns it on again begins anew.
    assert standing_of(project).audits() == [] and standing_of(project).was_turned_off_by("turned.csv")
    shown = metadata_of(made(project, "turned.csv"), "bedrock_jsonl")
    assert shown["answered_by_local_model"] == 0 and shown["cascade"].startswith("off: ")
    assert {row["class"] for row in project.rows("classifications", "turned.csv")} == {"Never"}
    # Another version of the prompt begins anew.
    assert Standing(scripted(project).internal, project.prompt, "another model").off() is None
