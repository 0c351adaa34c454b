"""Asset checks: each finds what it is there for, says how bad that is, and holds up what would only spread it."""

from collections.abc import Callable

import dagster as dg
import pytest

from batch_classifier.defs import check_findings
from batch_classifier.inference.interface import JobLimits
from batch_classifier_tests.support.outcomes import checks_of, failure_of, metadata_of
from batch_classifier_tests.support.project import CLASSIFYING, Project, scripted
from batch_classifier_tests.support.scripted_inference import ScriptedInference, by_keyword

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR
DIRTY = [
    {"id": "A", "text": "My flight was moved", "label": "Travel"},
    {"id": "A", "text": "I was charged twice", "label": "billing"},
    {"id": "B", "text": "Sports!", "label": "Other"},
    {"id": "C", "text": "", "label": "Other"},
    {"id": "D", "text": "Nobody answers this", "label": ""},
    {"id": "E", "text": "A wrong guess about a flight", "label": "Other"},
]


def with_faults(text: str) -> str | None:
    if text == "Nobody answers this":
        return None
    return "<class>Sports</class>" if text == "Sports!" else by_keyword(text)


def value_of(evaluation: dg.AssetCheckEvaluation, name: str) -> object:
    return evaluation.metadata[name].value


@pytest.fixture(scope="module")
def dirty(projects: Callable[..., Project]) -> tuple[Project, dg.ExecuteInProcessResult]:
    """A file with a little of everything that checks look for."""
    project = projects(with_faults, max_invalid_share=0.2)
    project.drop("dirty.csv", DIRTY)
    return project, project.run("dirty.csv")


@pytest.mark.parametrize(
    ("name", "passed", "counts", "offender"),
    [
        ("ids_unique", False, {"repeated_ids": 1, "requests": 2}, "| A | 2 |"),
        ("texts_present", False, {"rejected": 1}, "| has no text | 1 | 4 |"),
        ("within_bedrock_limits", True, {"batches": 1, "most_records": 5}, None),
        ("all_texts_answered", False, {"texts": 5, "missing": 1}, None),
        ("classes_allowed", False, {"requests": 6, "invalid_class": 1, "outside_the_set": 0}, "Sports"),
        ("every_request_classified", True, {"rows_in": 6, "rows_out": 6, "missing": 0}, None),
        ("counts_reconcile", True, {"requests": 6, "summary_requests": 6}, None),
    ],
)
def test_a_check_shows_its_counts_and_the_first_offenders(
    dirty: tuple[Project, dg.ExecuteInProcessResult],
    name: str,
    passed: bool,
    counts: dict[str, int],
    offender: str | None,
) -> None:
    evaluation = checks_of(dirty[1])[name]
    assert evaluation.passed == passed and (passed or evaluation.severity == WARN)
    assert {key: value_of(evaluation, key) for key in counts} == counts
    assert offender is None or offender in str(value_of(evaluation, "sample"))
    assert evaluation.description and value_of(evaluation, "threshold")


def test_a_few_invalid_classes_hold_up_nothing(dirty: tuple[Project, dg.ExecuteInProcessResult]) -> None:
    project, result = dirty
    assert result.success and metadata_of(result, "result_files")
    assert sum(row["requests"] for row in project.rows("category_summary")) == len(DIRTY)


def test_accuracy_is_measured_on_the_rows_that_have_a_label(
    dirty: tuple[Project, dg.ExecuteInProcessResult],
) -> None:
    """A label is a category also in other letters; a row without a class got none right."""
    evaluation = checks_of(dirty[1])["accuracy"]
    assert evaluation.passed and value_of(evaluation, "labelled") == 5
    assert evaluation.description == "2 of 5 as labelled (40.0%)."
    assert value_of(evaluation, "accuracy") == pytest.approx(2 / 5)
    assert "| Billing | 1 | 1 | 1 | 1 |" in str(value_of(evaluation, "categories"))
    assert "| Other | 0 | 1 | 2 |" in str(value_of(evaluation, "confusion_matrix"))


def test_checks_of_one_file_say_nothing_of_another(dirty: tuple[Project, dg.ExecuteInProcessResult]) -> None:
    project, _ = dirty
    project.drop("clean.csv", [{"id": "A", "text": "My flight was moved"}])
    result = project.run("clean.csv")
    found = checks_of(result)
    assert all(evaluation.passed for evaluation in found.values()) and len(found) == 9


def test_what_cannot_be_measured_is_skipped_and_not_passed(dirty: tuple[Project, dg.ExecuteInProcessResult]) -> None:
    """No labels, and no files to compare with: Dagster's own mark says that nothing was looked at."""
    project, before = dirty
    project.drop("bare.csv", [{"id": "A", "text": "My flight was moved"}])
    result = project.run("bare.csv", *CLASSIFYING, "category_summary")
    assert result.success and not {"accuracy", "class_drift"} & set(checks_of(result))
    assert "accuracy" in checks_of(before)
    for asset, name in (("classifications", "accuracy"), ("category_summary", "class_drift")):
        key = dg.AssetCheckKey(dg.AssetKey([project.prompt_name, asset]), name)
        (record,) = project.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        # Planned in a run that has succeeded: what Dagster shows as skipped.
        assert (record.partition, record.status.value) == ("bare.csv", "PLANNED")


def test_too_many_invalid_classes_stop_what_comes_after(projects: Callable[..., Project]) -> None:
    """Rows stay, so that a person sees what the model said, but no summary is made of them and no file for people."""
    project = projects(with_faults, max_invalid_share=0.1)
    project.drop("calls.csv", DIRTY)
    result = project.run("calls.csv")
    evaluation = checks_of(result)["classes_allowed"]
    # The run begins with what to do, in place of Dagster's count of blocking checks.
    assert failure_of(result) == evaluation.description
    assert "raise max_invalid_share in the prompt file, and materialize again" in str(evaluation.description)
    assert not result.success and not evaluation.passed and evaluation.severity == ERROR and evaluation.blocking
    assert len(project.rows("classifications")) == len(DIRTY)
    assert not project.rows("category_summary") and not list(project.home.glob("output_data/**/*.csv"))


def test_a_batch_over_the_limits_is_not_sent(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    # As if the batches were cut wrong.
    monkeypatch.setattr("batch_classifier.batches.bedrock_jsonl.texts_per_batch", lambda *_: 50_000)
    monkeypatch.setattr(ScriptedInference, "limits", JobLimits(1, 2, 1_000_000_000))
    project.drop("calls.csv", ["My flight", "charged", "Hello"])
    result = project.run("calls.csv")
    evaluation = checks_of(result)["within_bedrock_limits"]
    assert not result.success and evaluation.severity == ERROR and value_of(evaluation, "most_records") == 3
    assert not scripted(project).submitted and not project.rows("batch_job")


@pytest.fixture(scope="module")
def damaged(projects: Callable[..., Project]) -> Project:
    """A project whose tables the tests below damage, each its own copy of the rows."""
    project = projects()
    assert (
        project.classify("calls.csv", ["My flight", "charged"])
        and project.make("calls.csv", "category_summary").success
    )
    return project


@pytest.mark.parametrize(
    ("damage", "check"),
    [
        ("delete from classifications where row_number = 2", "every_request_classified"),
        ("insert into classifications select * from classifications where row_number = 1", "every_request_classified"),
        ("update classifications set row_number = 1", "every_request_classified"),
        ("update classifications set row_number = row_number + 1", "every_request_classified"),
        ("update classifications set class = 'Sports' where row_number = 1", "classes_allowed"),
        ("update category_summary set requests = requests + 1", "counts_reconcile"),
        ("update category_summary set cost_usd = 1", "counts_reconcile"),
    ],
)
def test_a_check_finds_damage(damaged: Project, damage: str, check: str) -> None:
    """Tables that are not what the assets wrote: a row lost, counted twice, of no category, of another sum."""
    evaluate = getattr(check_findings, check)
    table = "category_summary" if "category_summary" in damage else "classifications"
    with damaged.warehouse.connect(damaged.prompt_name) as connection:
        connection.execute(f"use {damaged.prompt_name}; create or replace table kept as select * from {table}")
    try:
        assert evaluate(damaged.prompt, damaged.warehouse, "calls.csv").passed
        with damaged.warehouse.connect(damaged.prompt_name) as connection:
            connection.execute(f"use {damaged.prompt_name}; {damage}")
        found = evaluate(damaged.prompt, damaged.warehouse, "calls.csv")
        assert not found.passed and found.severity == ERROR
    finally:
        with damaged.warehouse.connect(damaged.prompt_name) as connection:
            connection.execute(f"use {damaged.prompt_name}; delete from {table}; insert into {table} from kept")
