"""What the asset checks of a prompt find in one request file: counts, and the first offenders."""

from typing import Any

import dagster as dg

from batch_classifier.answers.quality import Accuracy, measure_accuracy
from batch_classifier.answers.reliability import measure_reliability
from batch_classifier.cascade.audit import audit, turn_off_where_broken
from batch_classifier.cascade.local_answers import is_local
from batch_classifier.cascade.standing import Standing
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.inference.interface import JobLimits
from batch_classifier.insights.drift import LARGE_FROM, SURE_BELOW, drift_of_file
from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.training.calibration import Calibration
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.interface import Warehouse, literal
from batch_classifier.warehouse.statuses import Status
from batch_classifier.wording import counted

SHOWN = 20
_UNMEASURED = "Not measured: the file has no labels (the prompt's input.label names their column)."
# The length of a bar that stands for all.
_BAR = 20


def ids_unique(prompt: Prompt, warehouse: Warehouse, request_file: str) -> dg.AssetCheckResult:
    """WARN for record ids that stand in the file more than once."""
    repeated = warehouse.query(prompt.name, queries.repeated_ids(warehouse, prompt, request_file))
    return _result(
        f"Repeated: {counted(len(repeated), 'record id')}." if repeated else "Every record id stands once.",
        passed=not repeated,
        severity=dg.AssetCheckSeverity.WARN,
        threshold="none may stand twice",
        repeated_ids=len(repeated),
        requests=sum(row["requests"] for row in repeated),
        sample=markdown_table(repeated[:SHOWN]),
    )


def texts_present(prompt: Prompt, warehouse: Warehouse, request_file: str) -> dg.AssetCheckResult:
    """WARN for rows that can't be used."""
    unusable = warehouse.query(prompt.name, queries.unusable_rows(warehouse, prompt, request_file))
    rejected = sum(row["requests"] for row in unusable)
    return _result(
        f"Not usable: {counted(rejected, 'row')}." if rejected else "Every row has a text.",
        passed=not unusable,
        severity=dg.AssetCheckSeverity.WARN,
        threshold="every row has a text",
        rejected=rejected,
        sample=markdown_table(unusable[:SHOWN]),
    )


def within_bedrock_limits(
    prompt: Prompt, warehouse: Warehouse, request_file: str, limits: JobLimits
) -> dg.AssetCheckResult:
    """ERROR for a batch that the service would refuse for its size."""
    rows = warehouse.query(prompt.name, queries.batches(warehouse, prompt, request_file))
    # What the local model has answered is in no job.
    batches = [batch for batch in map(Batch.from_row, rows) if batch.is_written and not is_local(batch)]
    outside = [b for b in batches if b.records_sent > limits.maximum_records or b.bytes > limits.maximum_bytes]
    says = f"{len(batches) - len(outside):,} of {len(batches):,} batches within the limits."
    return _result(
        f"{says} Materialize bedrock_jsonl again, which cuts them anew." if outside else says,
        passed=not outside,
        severity=dg.AssetCheckSeverity.ERROR,
        threshold=f"at most {limits.maximum_records:,} records and {limits.maximum_bytes:,} bytes a batch",
        batches=len(batches),
        most_records=max((batch.records_sent for batch in batches), default=0),
        most_bytes=max((batch.bytes for batch in batches), default=0),
        sample=markdown_table([b.to_row() for b in outside[:SHOWN]], ["batch", "records", "lines", "bytes", "uri"]),
    )


def all_texts_answered(prompt: Prompt, warehouse: Warehouse, request_file: str) -> dg.AssetCheckResult:
    """WARN for texts that no attempt got an answer to."""
    jobs = warehouse.query(prompt.name, queries.jobs(warehouse, prompt, request_file))
    missing = sum(job["unanswered"] for job in jobs)
    texts = sum(job["records"] for job in jobs if job["attempt"] == 1)
    return _result(
        f"{texts - missing:,} of {counted(texts, 'text')} answered." if texts else "No text had to be asked.",
        passed=missing == 0,
        severity=dg.AssetCheckSeverity.WARN,
        threshold="every text",
        texts=texts,
        missing=missing,
        sample=markdown_table(
            [job for job in jobs if job["failed"]][:SHOWN], ["job_name", "status", "records", "failed", "message"]
        ),
    )


def classes_allowed(prompt: Prompt, warehouse: Warehouse, request_file: str) -> dg.AssetCheckResult:
    """WARN for a few requests whose class is not in the prompt's set, ERROR above the share that the prompt sets."""
    statuses = warehouse.query(prompt.name, queries.statuses(warehouse, prompt, request_file))
    allowed = ", ".join(literal(name) for name in prompt.class_names)
    offending = f"status = '{Status.INVALID_CLASS}' or \"class\" not in ({allowed})"
    total = sum(row["requests"] for row in statuses)
    invalid = sum(row["requests"] for row in statuses if row["status"] == Status.INVALID_CLASS)
    foreign = sum(
        row["requests"] for row in statuses if row["class"] is not None and row["class"] not in prompt.class_names
    )
    share = (invalid + foreign) / total if total else 0.0
    too_many = share > prompt.max_invalid_share or foreign > 0
    sample = (
        warehouse.query(prompt.name, queries.offenders(warehouse, prompt, request_file, offending, SHOWN))
        if share
        else []
    )
    says = f"{total - invalid - foreign:,} of {counted(total, 'request')} with none but the prompt's categories."
    if too_many:
        says += (
            f" No more than {prompt.max_invalid_share:.1%} may have another (max_invalid_share), so no results are written: look at the sample, "
            "mend the instructions or the categories, or raise max_invalid_share in the prompt file, and materialize again."
        )
    return _result(
        says,
        passed=not share,
        severity=dg.AssetCheckSeverity.ERROR if too_many else dg.AssetCheckSeverity.WARN,
        requests=total,
        invalid_class=invalid,
        outside_the_set=foreign,
        share=share,
        threshold=f"all of them; the run is blocked where {prompt.max_invalid_share:.1%} or more have another class",
        allowed_share=prompt.max_invalid_share,
        sample=markdown_table(sample),
    )


def every_request_classified(prompt: Prompt, warehouse: Warehouse, request_file: str) -> dg.AssetCheckResult:
    """ERROR unless rows in = rows out, each exactly once."""
    (counts,) = warehouse.query(prompt.name, queries.rows_in_and_out(warehouse, prompt, request_file))
    passed = counts["rows_in"] == counts["rows_out"] == counts["distinct_rows_out"] and counts["missing"] == 0
    says = f"{counts['rows_in']:,} rows in, {counts['rows_out']:,} rows out{'.' if passed else ', which are not the same.'}"
    return _result(
        says, passed=passed, severity=dg.AssetCheckSeverity.ERROR, threshold="the same rows, each once", **counts
    )


def accuracy(prompt: Prompt, warehouse: Warehouse, request_file: str) -> dg.AssetCheckResult | str:
    """Accuracy, precision and recall by category, confusion matrix and what confidence was worth; not measured without labels."""
    measured = measure_accuracy(warehouse, prompt, request_file)
    if measured is None:
        return _UNMEASURED
    reliability = measure_reliability(warehouse, prompt, request_file)
    says = f"{measured.correct:,} of {measured.labelled:,} as labelled ({measured.accuracy:.1%})"
    if measured.unknown_labels:
        says += f"; {counted(len(measured.unknown_labels), 'label')} no category of the prompt"
    return _result(
        f"{says}.",
        passed=not measured.unknown_labels,
        severity=dg.AssetCheckSeverity.WARN,
        threshold="none for the accuracy; every label must be a category",
        labelled=measured.labelled,
        correct=measured.correct,
        accuracy=measured.accuracy,
        categories=markdown_table([category._asdict() for category in measured.categories]),
        confusion_matrix=markdown_table(confusion_matrix(measured)),
        labels_outside_the_set=", ".join(measured.unknown_labels[:SHOWN]) or "none",
        **({} if reliability is None else reliability_shown(reliability)),
    )


def confusion_matrix(measured: Accuracy) -> list[dict[str, object]]:
    """The confusion matrix as rows to show: the expected class, and a column for each class that was given."""
    return [
        {"expected": row.expected, **{name or "(no class)": requests for name, requests in row.given.items()}}
        for row in measured.matrix
    ]


def cascade_agreement(
    prompt: Prompt, warehouse: Warehouse, request_file: str, standing: Standing
) -> dg.AssetCheckResult | str:
    """WARN where audited texts say that the cascade's promise is broken; then it is off, and everything is sent."""
    found = None if prompt.cascade is None else audit(standing, prompt.cascade, warehouse, request_file)
    if prompt.cascade is None or found is None:
        why = "the prompt has no cascade" if prompt.cascade is None else "no text of the file was audited"
        return f"Not measured: {why}."
    turn_off_where_broken(standing, request_file, found)
    off = standing.off()
    return _result(
        f"{found.audited - found.differing:,} of {counted(found.audited, 'audited text')} with the model's class.",
        threshold=f"an agreement of {prompt.cascade.agreement:.1%}: off where the files' audits together are strong evidence against it, from "
        f"{1 / (1 - prompt.cascade.confidence):.0f} on",
        passed=not found.is_broken,
        severity=dg.AssetCheckSeverity.WARN,
        audited=found.audited,
        differing=found.differing,
        agreement="nothing was audited" if found.agreement is None else found.agreement,
        local_share=found.local_share,
        files_judged=found.files,
        evidence=found.evidence,
        promised_agreement=prompt.cascade.agreement,
        cascade="on" if off is None else f"off: {off['why']}",
    )


def reliability_shown(reliability: Calibration) -> dict[str, Any]:
    """Whether confidence means what it says: its tenths, with a bar for the share that was right, and the error in one figure."""
    return {
        "expected_calibration_error": reliability.error,
        "reliability": markdown_table(
            [
                {
                    "at_least": tenth.low,
                    "requests": tenth.texts,
                    "confidence": tenth.confidence,
                    "right": tenth.right,
                    "": "█" * round(tenth.right * _BAR),
                }
                for tenth in reliability.bins
            ]
        ),
    }


def counts_reconcile(prompt: Prompt, warehouse: Warehouse, request_file: str) -> dg.AssetCheckResult:
    """ERROR unless the summary's requests and cost are those of classifications."""
    (totals,) = warehouse.query(prompt.name, queries.summary_totals(warehouse, prompt, request_file))
    passed = totals["summary_requests"] == totals["requests"]
    passed = passed and abs(totals["summary_cost_usd"] - totals["cost_usd"]) < 1e-6 + 1e-9 * abs(totals["cost_usd"])
    says = f"{totals['summary_requests']:,} of {counted(totals['requests'], 'request')} in the summary."
    return _result(
        says, passed=passed, severity=dg.AssetCheckSeverity.ERROR, threshold="all, at the same cost", **totals
    )


def class_drift(prompt: Prompt, warehouse: Warehouse, request_file: str) -> dg.AssetCheckResult | str:
    """WARN where the shares of the classes differ from those of the files before, by chance hardly and by much."""
    found = drift_of_file(PromptTables(warehouse, prompt), request_file)
    if found.p_value is None:
        return f"Not measured: {found.told}"
    changes = [
        {"class": one.class_name or "(no class)", "before": f"{one.before:.1%}", "now": f"{one.now:.1%}"}
        for one in found.changes
    ]
    return _result(
        found.told,
        passed=not found.is_drift,
        severity=dg.AssetCheckSeverity.WARN,
        threshold=f"size {LARGE_FROM} and a chance below {SURE_BELOW}",
        files_compared=found.files,
        size=found.size,
        changes=markdown_table(changes),
        p_value=found.p_value,
    )


def _result(says: str, passed: bool, severity: dg.AssetCheckSeverity, **metadata: Any) -> dg.AssetCheckResult:
    plain = {name: int(value) if type(value).__name__ == "Decimal" else value for name, value in metadata.items()}
    return dg.AssetCheckResult(passed=bool(passed), severity=severity, description=says, metadata=plain)
