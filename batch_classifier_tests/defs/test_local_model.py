"""The asset local_model: what Dagster shows of it, and when a night leaves it as it is."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from batch_classifier.defs.training import nightly_config
from batch_classifier.storage.internal_keys import local_model_key
from batch_classifier_tests.support.labelled_texts import labelled_texts
from batch_classifier_tests.support.outcomes import failure_of
from batch_classifier_tests.support.project import Project

LABELLED = [{"text": text.text, "label": text.class_name} for text in labelled_texts(60, seed=1, wrong=0.05)]


def trained(project: Project, is_night: bool = False) -> dg.ExecuteInProcessResult:
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    return project.definitions.resolve_job_def("train_local_models").execute_in_process(
        instance=project.instance,
        raise_on_error=False,
        run_config={**quiet, **(nightly_config([project.prompt]) if is_night else {})},
    )


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, Any] | None:
    assert result.success, failure_of(result)
    events = result.get_asset_materialization_events()
    return {key: value.value for key, value in events[0].materialization.metadata.items()} if events else None


@pytest.fixture
def project(projects: Any) -> Iterator[Project]:
    yield projects(input={"text": "text", "label": "label"})


def file_of_model(project: Project) -> Path:
    return project.home / "internal" / local_model_key("tickets")


def test_it_is_trained_on_what_people_said_and_told_in_figures_and_pictures(project: Project) -> None:
    assert materialized(trained(project, is_night=True)) is None, "at night nothing fails for want of texts"
    assert "3 texts to learn from, and it takes 20" in failure_of(trained(project))
    project.classify("calls.csv", LABELLED)
    shown = materialized(trained(project))
    assert shown is not None and shown["accuracy"] > 0.8 and 0 <= shown["expected_calibration_error"] < 0.2
    assert re.fullmatch(r"[0-9a-f]{12}", shown["model"])
    assert "| label | 60 |" in shown["trained_on"] and "| example | 3 |" in shown["trained_on"]
    assert "| Billing |" in shown["by_category"] and "| 95% interval |" in shown["learning_curve"]
    for key in ("learning_curve", "reliability"):
        picture = re.search(r"data:image/svg\+xml;base64,([\w+/=]+)\)", shown[key])
        assert picture and base64.b64decode(picture[1]).startswith(b"<svg ")
    whole = (
        "".join(map(str, shown.values())) + base64.b64decode(re.findall(r"base64,([\w+/=]+)", str(shown))[0]).decode()
    )
    assert not any(row["text"][:30] in whole for row in LABELLED), "no text of a request"


def test_a_night_leaves_a_model_as_it_is_where_there_is_nothing_new(project: Project) -> None:
    project.classify("calls.csv", LABELLED)
    first = materialized(trained(project, is_night=True))
    assert first is not None
    assert materialized(trained(project, is_night=True)) is None
    # What is damaged is mended.
    whole = file_of_model(project).read_bytes()
    file_of_model(project).write_bytes(whole[:1_000])
    assert (materialized(trained(project, is_night=True)) or {})["model"] == first["model"]
    assert file_of_model(project).stat().st_size == len(whole)
    project.classify("more.csv", [{"text": "the ferry and my flight, again", "label": "Travel"}])
    later = materialized(trained(project, is_night=True))
    assert later is not None and later["model"] != first["model"]
