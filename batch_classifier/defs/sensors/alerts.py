"""The sensors that tell of failed runs and failed jobs."""

import re
from collections.abc import Iterator, Sequence

import dagster as dg
from dagster import DagsterEvent, DagsterEventType

from batch_classifier.alerts.sending import Alert, Alerts
from batch_classifier.defs.check_findings import all_texts_answered, cascade_agreement
from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.names import PARTITION_TAG
from batch_classifier.settings import Settings
from batch_classifier.storage.folder import Folder

# A signature of an address stands in its query.
_QUERY_OF_ADDRESS = re.compile(r"(https?://[^\s?]+)\?\S+")


def build_alert_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """The sensors `alerts` and `alerts_of_jobs`, over all jobs; none where nobody is to be told."""
    urls = (settings.alert_urls or "").split()
    if settings.alert_topic_arn is None and not urls:
        return []
    alerts = Alerts(settings.alert_topic_arn, urls)

    @dg.run_failure_sensor(
        name="alerts",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of every run that failed, for whatever reason, also a blocking check: once for each cause and file.",
    )
    def failed_runs(context: dg.RunFailureSensorContext, internal_folder: dg.ResourceParam[Folder]) -> None:
        with told_in_one_sentence():
            alerts.send_once(alert_of(context, settings.ui_url), internal_folder)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="alerts_of_jobs",
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of jobs that failed and left texts without an answer in a run that went through, and of a cascade "
        "that was turned off.",
    )
    def failed_jobs(context: dg.RunStatusSensorContext, internal_folder: dg.ResourceParam[Folder]) -> None:
        alert = alert_of_jobs(context, settings.ui_url)
        if alert is not None:
            with told_in_one_sentence():
                alerts.send_once(alert, internal_folder)

    return [failed_runs, failed_jobs]


def alert_of(context: dg.RunFailureSensorContext, ui_url: str | None) -> Alert:
    """What to tell of a run that failed."""
    run = context.dagster_run
    checks = _blocking(_failed_checks(context.instance, run.run_id))
    causes = [
        f"{event.step_key}: {_sentence(event, checks.get(event.step_key or '', []))}"
        for event in context.get_step_failure_events()
    ]
    # A run without a failed step was ended from outside; Dagster's message says how.
    causes = causes or [" ".join((context.failure_event.message or "It ended without a word.").split())]
    return Alert(
        job=run.job_name,
        partition=run.tags.get(PARTITION_TAG),
        run_id=run.run_id,
        causes=tuple(_QUERY_OF_ADDRESS.sub(r"\1", cause) for cause in sorted(set(causes))),
        link=_link(ui_url, run.run_id),
    )


def alert_of_jobs(context: dg.RunStatusSensorContext, ui_url: str | None) -> Alert | None:
    """What to tell of a run that went through while jobs failed or a promise was broken; None where all is well."""
    run = context.dagster_run
    causes = []
    outcome = "has jobs that failed"
    for _, evaluation in _failed_checks(context.instance, run.run_id):
        if evaluation.check_name == all_texts_answered.__name__:
            missing = evaluation.metadata["missing"].value
            causes.append(
                f"batch_job: {missing} texts were sent and have no answer; the asset's table has each job's end."
            )
        if evaluation.check_name == cascade_agreement.__name__:
            found = evaluation.metadata
            causes.append(
                f"classifications: the local model answers otherwise than the model more often than cascade.agreement allows "
                f"({found['differing'].value} of {found['audited'].value} audited texts); the cascade is off for this version of "
                "the prompt, and all texts are sent."
            )
            outcome = "has turned its cascade off" if len(causes) == 1 else outcome
    if not causes:
        return None
    return Alert(
        job=run.job_name,
        partition=run.tags.get(PARTITION_TAG),
        run_id=run.run_id,
        causes=tuple(causes),
        link=_link(ui_url, run.run_id),
        outcome=outcome,
    )


def _link(ui_url: str | None, run_id: str) -> str | None:
    return f"{ui_url.rstrip('/')}/runs/{run_id}" if ui_url else None


def _sentence(event: DagsterEvent, checks: Sequence[str]) -> str:
    if checks:
        return " ".join(checks)
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    # The message of any other error may quote a record; the kind of the first cause says enough.
    kind, error = "an error", data.error
    while error is not None:
        kind, error = error.cls_name or kind, error.cause
    return f"it ended with {kind}; the run's page in Dagster says more."


def _failed_checks(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[str, dg.AssetCheckEvaluation]]:
    """The checks that failed in a run, each with its step."""
    for record in instance.get_records_for_run(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION).records:
        event = record.event_log_entry.dagster_event
        if event is not None and not event.asset_check_evaluation_data.passed:
            yield event.step_key or "", event.asset_check_evaluation_data


def _blocking(failed: Iterator[tuple[str, dg.AssetCheckEvaluation]]) -> dict[str, list[str]]:
    """What is told of those that block, by their step: what the check itself says, if it says anything."""
    found: dict[str, list[str]] = {}
    for step, evaluation in failed:
        if evaluation.blocking and evaluation.severity is dg.AssetCheckSeverity.ERROR:
            found.setdefault(step, []).append(
                evaluation.description or f"the blocking check {evaluation.check_name} failed."
            )
    return found
