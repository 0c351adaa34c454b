"""Few texts under `on_demand: never`: they wait, say how many are missing, and go with the next file's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from batch_classifier.definitions import build_definitions
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier_tests.support.aws_deployment import Deployment
from batch_classifier_tests.support.bedrock_with_duckdb import LATER, deployed_with_duckdb, go_on
from batch_classifier_tests.support.repository import PROMPTS


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployment]:
    """Bedrock with tables in DuckDB."""
    with deployed_with_duckdb(monkeypatch, tmp_path) as made:
        yield made


@pytest.fixture()
def never(deployment: Deployment, tmp_path: Path) -> Deployment:
    """A deployment whose prompt forbids asking on demand."""
    prompts = tmp_path / "prompts"
    prompts.mkdir()
    content = yaml.safe_load((PROMPTS / "travel.yaml").read_text(encoding="utf-8")) | {"on_demand": "never"}
    (prompts / "travel.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    deployment.definitions = build_definitions(load_settings(prompts=prompts), load_prompts(prompts))
    return deployment


def start(deployment: Deployment, name: str, first: int, last: int) -> list[str]:
    """Drop a file of these texts and take it as far as it goes; returns what it says of itself."""
    deployment.put(f"input_data/travel/{name}", [f"User: change booking {number}" for number in range(first, last)])
    deployment.instance.add_dynamic_partitions("travel_request_files", [name])
    return texts_that_wait(deployment, name)


def texts_that_wait(deployment: Deployment, name: str) -> list[str]:
    """One run of a file; what its observation says of texts that wait."""
    result = go_on(deployment, "travel", name)
    assert result.success
    observed = [event for event in result.all_node_events if event.event_type_value == "ASSET_OBSERVATION"]
    metadata = [event.asset_observation_data.asset_observation.metadata for event in observed]
    return [str(entry["too_few_texts"].value) for entry in metadata if "too_few_texts" in entry]


def test_texts_that_are_too_few_go_with_those_of_the_next_files(never: Deployment) -> None:
    assert start(never, "a.csv", 0, 30) == ["30 texts wait: a job needs 100, 70 more, and on_demand is never."]
    # Ten of the texts are those of the first file: 40 in all.
    assert start(never, "b.csv", 20, 40)[0].startswith("20 texts wait")
    assert never.emulator.jobs == []

    assert start(never, "c.csv", 40, 110) == []
    assert len(never.emulator.jobs) == 1
    reruns = sorted(request.partition_key for request in never.tick("request_files").run_requests or [])
    assert reruns == ["a.csv", "b.csv"]
    for name in reruns:
        assert texts_that_wait(never, name) == []
    never.emulator.advance(LATER)
    again = [request.partition_key for request in never.tick("finished_jobs").run_requests or []]
    assert sorted(again) == ["a.csv", "b.csv", "c.csv"]
    for name in again:
        assert go_on(never, "travel", name, "batch_job", "classifications").success

    counts = never.query(
        "select request_file, count(*) as rows, count_if(status = 'classified') as classified "
        "from travel.classifications group by 1 order by 1"
    )
    assert [tuple(row.values()) for row in counts] == [("a.csv", 30, 30), ("b.csv", 20, 20), ("c.csv", 70, 70)]
    assert len(never.emulator.jobs) == 1
    assert never.emulator.calls.texts().total() == 110
