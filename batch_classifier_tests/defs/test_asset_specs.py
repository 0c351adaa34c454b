"""The graph as Dagster shows it: a change of any asset or check is seen here first, in review."""

from collections.abc import Callable

import dagster as dg
import pytest

from batch_classifier_tests.support.project import EVERYTHING, Project

# asset: what it depends on, kinds, checks (! is blocking)
SPECS = """
raw_requests | | python table | ids_unique request_files_readable texts_present
bedrock_jsonl | raw_requests | json python | same_prompt_version within_bedrock_limits! within_budget!
batch_job | bedrock_jsonl | bedrock table | all_texts_answered
classifications | batch_job raw_requests | python table | accuracy classes_allowed! every_request_classified
category_summary | classifications | sql table | class_drift counts_reconcile
result_files | classifications | excel file |
local_model | classifications raw_requests | python scikitlearn |
"""


@pytest.fixture(scope="module")
def made(projects: Callable[..., Project]) -> Project:
    """A project with two prompts."""
    project = projects(results=["csv", "xlsx"])
    project.set_prompt("invoices", results=["csv", "xlsx"], fallback="Billing")
    return project


def specs_of(project: Project) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for assets in project.definitions.assets or [] for spec in assets.specs}  # type: ignore[union-attr]


@pytest.mark.parametrize("prompt", ["tickets", "invoices"])
def test_the_graph_of_a_prompt(made: Project, prompt: str) -> None:
    blocking: dict[str, list[str]] = {}
    for checks in made.definitions.asset_checks or []:
        for check in checks.check_specs:
            if check.asset_key.path[0] == prompt:
                blocking.setdefault(check.asset_key.path[1], []).append(f"{check.name}{'!' if check.blocking else ''}")
    lines = []
    for key, spec in specs_of(made).items():
        if key.path[0] == prompt:
            assert all(dep.asset_key.path[0] == prompt for dep in spec.deps)
            deps = " ".join(sorted(dep.asset_key.path[1] for dep in spec.deps))
            checks_there = " ".join(sorted(blocking.get(key.path[1], [])))
            lines.append(
                f"{key.path[1]} | {deps} | {' '.join(sorted(spec.kinds))} | {checks_there}".replace(
                    "|  |", "| |"
                ).strip()
            )
    assert lines == SPECS.strip().split("\n")


def test_every_asset_says_whose_it_is_what_it_is_and_which_prompt_made_it(made: Project) -> None:
    prompts = {"tickets": made.prompt.version}
    for key, spec in specs_of(made).items():
        is_of_files = key.path[1] != "local_model"
        assert spec.group_name == (key.path[0] if is_of_files else "Local_models")
        assert list(spec.owners) == ["team:data-platform"] and spec.description
        partitions = dg.DynamicPartitionsDefinition(name=f"{key.path[0]}_request_files")
        assert spec.partitions_def == (partitions if is_of_files else None)
        assert spec.code_version and spec.code_version == prompts.setdefault(key.path[0], spec.code_version)
    assert prompts["tickets"] != prompts["invoices"]


def test_tables_tell_their_columns_and_their_partition(made: Project) -> None:
    for key, spec in specs_of(made).items():
        if key.path[1] in ("result_files", "local_model"):
            continue
        assert spec.metadata["partition_expr"] == "request_file"
        columns = spec.metadata["dagster/column_schema"].columns
        assert columns[0].name == "request_file" and all(column.description for column in columns)


# Columns that people may rely on: taking one away breaks their queries.
COLUMNS = {
    "raw_requests": "request_file row_number record_id text text_id expected_class attributes problem",
    "bedrock_jsonl": "request_file batch uri records bytes sha256 estimated_input_tokens estimated_output_tokens "
    "estimated_cost_usd",
    "batch_job": "request_file batch job_name job_arn status submitted_at ended_at records succeeded failed input_tokens "
    "output_tokens cost_usd output_uri message",
    "classifications": "request_file row_number record_id input_text class rationale status raw_class confidence error "
    "expected_class attributes text_id model_id prompt_version answered_at",
    "category_summary": "request_file class requests share repaired failed cost_usd",
}


@pytest.mark.parametrize("table", COLUMNS)
def test_a_table_has_the_columns_that_people_rely_on(made: Project, table: str) -> None:
    spec = specs_of(made)[dg.AssetKey(["tickets", table])]
    assert set(COLUMNS[table].split()) <= {column.name for column in spec.metadata["dagster/column_schema"].columns}
    there = made.query(f"select column_name from (describe tickets.{table})")
    assert set(COLUMNS[table].split()) <= {row["column_name"] for row in there}


def test_jobs_sensor_and_schedule_are_there_and_on(made: Project) -> None:
    repository = made.definitions.get_repository_def()
    assert {"classify_tickets", "classify_invoices"} <= {job.name for job in repository.get_all_jobs()}
    for sensor in ("request_files", "finished_jobs", "changed_prompts"):
        assert repository.get_sensor_def(sensor).default_status == dg.DefaultSensorStatus.RUNNING
    schedule = repository.get_schedule_def("rerun_unfinished")
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING and schedule.cron_schedule == "0 2 * * *"
    training = repository.get_schedule_def("train_local_models")
    assert training.default_status == dg.DefaultScheduleStatus.RUNNING and training.cron_schedule == "0 1 * * *"


def test_a_job_holds_all_assets_of_its_prompt_and_no_other(made: Project) -> None:
    job = made.definitions.resolve_job_def("classify_invoices")
    assert set(job.asset_layer.executable_asset_keys) == {dg.AssetKey(["invoices", name]) for name in EVERYTHING}


def test_steps_that_hold_the_database_wait_for_each_other(made: Project) -> None:
    """DuckDB takes one process at a time; a step that forgets the pool fails only under load."""
    pools = {assets.op.name: assets.op.pool for assets in made.definitions.assets or []}  # type: ignore[union-attr]
    without = {name.partition("__")[2] for name, pool in pools.items() if pool != "duckdb"}
    assert without <= {"batch_job"}, "it may wait for a day, and must hold nothing"
