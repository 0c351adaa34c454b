"""How far the request files of a prompt are: their newest runs, step by step, as Dagster keeps them, whoever started them."""

from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg
import streamlit as st

from batch_classifier.defs.abandoned_runs import has_lost_its_process
from batch_classifier.defs.loaded_prompts import loaded_prompts
from batch_classifier.defs.names import PARTITION_TAG, job_name, op_name
from batch_classifier.defs.project_instance import project_instance

# What each asset does, as a person would say it.
STEPS = {
    "raw_requests": "Reading rows",
    "bedrock_jsonl": "Writing batches",
    "batch_job": "Classifying texts",
    "classifications": "Joining answers",
    "category_summary": "Counting classes",
    "result_files": "Writing result files",
}
_MOST_RUNS, _MOST_FILES = 50, 10
_ROWS = "dagster/row_count"
_ENDED = (
    "What worked on this file was ended in the middle. Nothing is lost: try again, and it goes on from where it stood."
)
# Of the others a row is not a request.
_OF_REQUESTS = ("raw_requests", "classifications", "result_files")


@dataclass(frozen=True)
class Step:
    """One step: its name for people, its state (waiting, running, done, failed, skipped), and rows it has made, if it says."""

    name: str
    state: str
    rows: int | None


@dataclass(frozen=True)
class FileRun:
    """The newest run of a request file.

    Attributes:
        state: queued, running, done, failed or stopped.
        results: the result files' addresses by format.
        problem: why it failed, in a sentence.
    """

    request_file: str
    state: str
    steps: Sequence[Step]
    results: dict[str, str]
    problem: str | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ("done", "failed", "stopped")


@st.cache_resource(show_spinner=False)
def instance() -> dg.DagsterInstance:
    """The project's Dagster instance; raises SettingError where there is none."""
    return project_instance()


def is_dagster_running(prompt: str) -> bool:
    """Whether a Dagster runs here that takes new files of the prompt by itself."""
    return prompt in (loaded_prompts(instance()) or {})


def recent_files(prompt: str) -> list[str]:
    """The request files whose runs are the newest."""
    records = instance().get_run_records(dg.RunsFilter(job_name=job_name(prompt)), limit=_MOST_RUNS)
    names = [record.dagster_run.tags.get(PARTITION_TAG) for record in records]
    return list(dict.fromkeys(name for name in names if name))[:_MOST_FILES]


def run_of(prompt: str, request_file: str) -> FileRun | None:
    """The newest run of a request file; None where there has been none."""
    filters = dg.RunsFilter(job_name=job_name(prompt), tags={PARTITION_TAG: request_file})
    records = instance().get_run_records(filters, limit=1)
    if not records:
        return None
    run = records[0].dagster_run
    states, rows, results, problem = _events(prompt, run.run_id)
    state = _state(run.status)
    if state == "running" and has_lost_its_process(instance(), run):
        state = "stopped"
    if state in ("failed", "stopped"):
        # Without a step that failed it was killed, or stopped by somebody.
        problem = problem or _ENDED
    steps = [
        Step(told, _step_state(states.get(op_name(prompt, asset)), state), rows.get(asset))
        for asset, told in STEPS.items()
    ]
    return FileRun(request_file, state, steps, results, problem)


def _events(prompt: str, run_id: str) -> tuple[dict[str, str], dict[str, int], dict[str, str], str | None]:
    """Steps' states, rows by asset, result files by format, and why it failed."""
    kinds = {
        dg.DagsterEventType.STEP_START: "running",
        dg.DagsterEventType.STEP_SUCCESS: "done",
        dg.DagsterEventType.STEP_FAILURE: "failed",
        dg.DagsterEventType.STEP_SKIPPED: "skipped",
    }
    wanted = {*kinds, dg.DagsterEventType.ASSET_MATERIALIZATION}
    states: dict[str, str] = {}
    rows: dict[str, int] = {}
    results: dict[str, str] = {}
    problem = None
    for entry in instance().all_logs(run_id, of_type=wanted):
        event = entry.dagster_event
        if event is None:
            continue
        if event.event_type in kinds and event.step_key is not None:
            states[event.step_key] = kinds[event.event_type]
            if event.is_step_failure:
                problem = problem or _problem(event)
        elif event.asset_key is not None and event.asset_key.path[0] == prompt:
            metadata = event.step_materialization_data.materialization.metadata
            if _ROWS in metadata and event.asset_key.path[-1] in _OF_REQUESTS:
                rows[event.asset_key.path[-1]] = int(metadata[_ROWS].value)  # type: ignore[arg-type]
            if event.asset_key.path[-1] == "result_files":
                results = {
                    name: str(value.value)
                    for name, value in metadata.items()
                    if isinstance(value, dg.PathMetadataValue)
                }
    return states, rows, results, problem


def _problem(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return str(data.user_failure_data.description)
    return f"The step {event.step_key} failed; Dagster's page has the reason."


def _state(status: dg.DagsterRunStatus) -> str:
    if status is dg.DagsterRunStatus.SUCCESS:
        return "done"
    if status is dg.DagsterRunStatus.FAILURE:
        return "failed"
    if status in (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.CANCELING):
        return "stopped"
    return "running" if status is dg.DagsterRunStatus.STARTED else "queued"


def _step_state(state: str | None, run: str) -> str:
    if state == "running" and run in ("failed", "stopped"):
        return "stopped"
    if state is None:
        return "skipped" if run in ("done", "failed", "stopped") else "waiting"
    return state
