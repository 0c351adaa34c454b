"""The sensor `finished_jobs`: files come back in their turn, whatever the listing of jobs shows, and never beside a run."""

import dataclasses
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.definitions import build_definitions
from batch_classifier.inference.bedrock import batch_inference as bedrock
from batch_classifier.inference.interface import Job, JobState
from batch_classifier.notes.waiting import note_waiting
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.support.aws_deployment import TEXTS, Deployment
from batch_classifier_tests.support.bedrock_with_duckdb import LATER, deployed_with_duckdb, go_on
from batch_classifier_tests.support.outcomes import materialized, metadata_of
from batch_classifier_tests.support.repository import PROMPTS


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployment]:
    """Bedrock with tables in DuckDB."""
    with deployed_with_duckdb(monkeypatch, tmp_path) as made:
        yield made


def put(deployment: Deployment, prompt: str, name: str) -> None:
    """Drop a file of texts of its own for a prompt."""
    column = load_prompts(PROMPTS).prompts[prompt].input.text
    lines = [column, *(f'"{text} {name}"' for text in TEXTS[:100])]
    key = f"input_data/{prompt}/{name}"
    deployment.emulator.client("s3").put_object(Bucket="customer", Key=key, Body="\n".join(lines).encode())


def start(deployment: Deployment, prompt: str, name: str) -> dg.ExecuteInProcessResult:
    """Drop a file and take it as far as it goes, without the checks."""
    put(deployment, prompt, name)
    deployment.instance.add_dynamic_partitions(f"{prompt}_request_files", [name])
    return go_on(deployment, prompt, name)


def requested(deployment: Deployment) -> list[tuple[str, str]]:
    """The jobs and files that a tick asks to be run."""
    requests = deployment.tick("finished_jobs").run_requests or []
    return [(request.job_name, request.partition_key) for request in requests]


def test_places_go_to_the_files_that_wait_longest_whichever_prompt_shares_the_model(deployment: Deployment) -> None:
    deployment.inference.max_jobs = 1
    for prompt, name in (("travel", "1.csv"), ("travel", "2.csv"), ("lost_deals", "3.csv")):
        assert start(deployment, prompt, name).success
    assert [job.status for job in deployment.emulator.jobs] == ["InProgress"]
    deployment.emulator.advance(LATER)

    assert start(deployment, "travel", "a newcomer.csv").success
    assert len(deployment.emulator.jobs) == 1, "the place that is free is not the newcomer's"
    assert requested(deployment) == [("classify_travel", "1.csv"), ("classify_travel", "2.csv")]
    assert requested(deployment) == [], "what was asked for is not asked for again"
    for name in ("1.csv", "2.csv"):
        assert go_on(deployment, "travel", name, "batch_job", "classifications").success
    assert len(deployment.emulator.jobs) == 2
    deployment.emulator.advance(LATER)
    assert requested(deployment) == [("classify_travel", "2.csv"), ("classify_lost_deals", "3.csv")]


def test_files_that_share_the_texts_of_others_come_back_when_those_are_answered(deployment: Deployment) -> None:
    """They wait for a place for the same jobs; it is taken once, and nobody waits for a place of his own."""
    deployment.inference.max_jobs = 1
    start(deployment, "travel", "0.csv")
    for name in ("1.csv", "2.csv", "3.csv"):
        deployment.instance.add_dynamic_partitions("travel_request_files", [name])
        deployment.put(f"input_data/travel/{name}", [f"{text} again" for text in TEXTS])
        go_on(deployment, "travel", name)
    deployment.emulator.advance(LATER)
    assert requested(deployment) == [("classify_travel", "0.csv"), ("classify_travel", "1.csv")]
    for name in ("0.csv", "1.csv"):
        go_on(deployment, "travel", name, "batch_job", "classifications")
    assert requested(deployment) == []
    deployment.emulator.advance(LATER)
    assert [file for _, file in requested(deployment)] == ["1.csv", "2.csv", "3.csv"]
    assert len(deployment.emulator.jobs) == 2


def test_a_place_that_was_refused_is_tried_for_again(deployment: Deployment) -> None:
    """The note of a file that came away empty-handed has a new time, though nothing else in it is new."""
    deployment.emulator.faults.quota_refusals = 3
    start(deployment, "travel", "1.csv")
    for _ in range(2):
        assert requested(deployment) == [("classify_travel", "1.csv")]
        assert go_on(deployment, "travel", "1.csv", "batch_job").success
    assert requested(deployment) == [("classify_travel", "1.csv")]
    assert go_on(deployment, "travel", "1.csv", "batch_job").success
    assert len(deployment.emulator.jobs) == 1


def test_a_job_that_is_not_listed_any_more_is_looked_up(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a week in which no sensor ran; and what is listed is not asked for one by one."""
    start(deployment, "travel", "1.csv")
    assert requested(deployment) == []
    assert deployment.emulator.calls.gets == 0
    deployment.emulator.advance(LATER)
    monkeypatch.setattr(bedrock, "_LISTED_DAYS", 0)
    assert requested(deployment) == [("classify_travel", "1.csv")]
    assert deployment.emulator.calls.gets == 1
    shown = metadata_of(go_on(deployment, "travel", "1.csv", "batch_job"), "batch_job")
    (link,) = [value for name, value in shown.items() if name.endswith(" in the AWS console")]
    assert link.startswith("https://") and "console.aws.amazon.com/bedrock/home?region=" in link


def test_no_run_beside_one_that_was_started_in_the_ui(deployment: Deployment) -> None:
    start(deployment, "travel", "1.csv")
    deployment.emulator.advance(LATER)
    run = deployment.instance.create_run_for_job(
        deployment.definitions.resolve_implicit_global_asset_job_def(),
        tags={"dagster/partition": "1.csv"},
        status=dg.DagsterRunStatus.STARTED,
        asset_selection=frozenset([dg.AssetKey(["travel", "batch_job"])]),
    )
    assert requested(deployment) == []
    deployment.instance.report_run_failed(run)
    assert requested(deployment) == [("classify_travel", "1.csv")]


def test_a_run_that_loses_its_session_is_come_back_for(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCH_CLASSIFIER_WAIT_SECONDS", "60")
    monkeypatch.setenv("BATCH_CLASSIFIER_BEDROCK_POLL_SECONDS", "0.05")
    deployment.definitions = build_definitions(load_settings(prompts=PROMPTS), load_prompts(PROMPTS))
    deployment.emulator.faults.expired_token_after_calls = 4
    result = start(deployment, "travel", "1.csv")
    (failure,) = [event for event in result.all_node_events if event.is_step_failure]
    assert "session has expired; sign in again" in str(failure.step_failure_data.user_failure_data)
    deployment.emulator.faults.expired_token_after_calls = None
    deployment.emulator.advance(LATER)
    assert requested(deployment) == [("classify_travel", "1.csv")]
    assert go_on(deployment, "travel", "1.csv", "batch_job", "classifications").success
    assert deployment.emulator.calls.texts_asked_twice() == []


@pytest.mark.long
def test_an_asset_that_is_put_in_between_is_run_too(deployment: Deployment) -> None:
    """What comes after batch_job is read from the graph of assets: nothing is edited for a new one."""
    key = dg.AssetKey(["travel", "second_opinion"])

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(["travel", "classifications"])],
        group_name="travel",
        partitions_def=dg.DynamicPartitionsDefinition(name="travel_request_files"),
    )
    def second_opinion() -> dg.MaterializeResult:
        return dg.MaterializeResult()

    made = deployment.definitions
    summary = dg.AssetKey(["travel", "category_summary"])
    assets = [
        asset.map_asset_specs(lambda spec: spec.merge_attributes(deps=[key]) if spec.key == summary else spec)
        for asset in made.assets or []
        if isinstance(asset, dg.AssetsDefinition)
    ]
    deployment.definitions = dg.Definitions(
        assets=[*assets, second_opinion],
        jobs=made.jobs,
        sensors=made.sensors,
        resources=made.resources,
        executor=made.executor,
    )
    start(deployment, "travel", "1.csv")
    deployment.emulator.advance(LATER)
    (request,) = deployment.tick("finished_jobs").run_requests
    names = ["batch_job", "category_summary", "classifications", "result_files", "second_opinion"]
    assert [asset.path[1] for asset in request.asset_selection] == names
    result = deployment.run("1.csv", names)
    assert result.success and {"second_opinion", "category_summary"} <= materialized([result])


def test_throttled_listings_are_waited_for(deployment: Deployment) -> None:
    start(deployment, "travel", "1.csv")
    deployment.emulator.faults.throttled_reads = 1
    data = deployment.tick("finished_jobs")
    assert data.skip_message is not None
    assert "Too many requests" in data.skip_message


@pytest.mark.long
def test_a_tick_for_a_thousand_files_in_flight_is_short(deployment: Deployment, tmp_path: Path) -> None:
    """Notes are read once, states come in one listing, and what has changed is told at once; a removed file is left out."""
    resources = dict(deployment.definitions.resources or {})
    notes = LocalFolder(tmp_path / "notes")
    deployment.definitions = build_definitions(
        load_settings(prompts=PROMPTS), load_prompts(PROMPTS), internal_folder=notes, inference=resources["inference"]
    )
    prompt = load_prompts(PROMPTS).prompts["travel"]
    jobs = [Job(f"job-{number}", f"arn:{number}", JobState.IN_PROGRESS) for number in range(1001)]
    for job in jobs:
        note_waiting(notes, prompt, f"{job.name}.csv", [job], [])
    deployment.instance.add_dynamic_partitions("travel_request_files", [f"{job.name}.csv" for job in jobs[:1000]])
    over = [dataclasses.replace(job, state=JobState.COMPLETED) for job in jobs]
    resources["inference"].list_jobs = lambda: iter(over)
    began = time.monotonic()
    assert len(requested(deployment)) == 1000
    assert time.monotonic() - began < 30


def test_a_file_whose_sample_is_answered_goes_on_from_the_asset_that_its_note_names(deployment: Deployment) -> None:
    start(deployment, "travel", "1.csv")
    (job,) = deployment.inference.list_jobs()
    prompt = load_prompts(PROMPTS).prompts["travel"]
    note_waiting(deployment.inference.internal, prompt, "1.csv", [job], [], goes_on_from="bedrock_jsonl")
    deployment.emulator.advance(LATER)
    (request,) = deployment.tick("finished_jobs").run_requests or []
    assert request.partition_key == "1.csv"
    names = {key.path[-1] for key in request.asset_selection or ()}
    assert {"bedrock_jsonl", "batch_job", "classifications"} <= names and "raw_requests" not in names
