"""What batch_job leaves behind: rows of finished jobs, or word of those under way, and notes for whoever comes back."""

import datetime
from dataclasses import fields, replace
from pathlib import Path

import pytest

from batch_classifier.answers.finished_jobs import FinishedJob, finished_jobs, finished_jobs_to_arrow
from batch_classifier.batches.bedrock_jsonl import BedrockJsonl
from batch_classifier.errors import ClassifierError, InferenceError
from batch_classifier.inference.interface import Job, JobState, NotNow
from batch_classifier.inference.prices import Price
from batch_classifier.jobs.batch_job import Finished, UnderWay, run_batch_jobs
from batch_classifier.notes.reruns import RerunNotes
from batch_classifier.notes.waiting import Waiting, WaitingNotes, note_waiting
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.tables import BATCH_JOB
from batch_classifier_tests.support.core_pipeline import CorePipeline
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.scripted_inference import ScriptedInference

FILE = "calls.csv"


class Core(CorePipeline):
    """The core, with a service whose jobs a test lets wait or fail."""

    inference: ScriptedInference

    def batches(self, request_file: str = FILE) -> list[Batch]:
        """The batches of a file."""
        rows = self.warehouse.query(self.prompt.name, f"select * from {self.prompt.name}.bedrock_jsonl")
        return [Batch.from_row(row) for row in rows if row["request_file"] == request_file]

    def batch_job(self, request_file: str = FILE, wait_seconds: float | None = 0) -> Finished | UnderWay:
        """One run of batch_job."""
        return run_batch_jobs(
            self.prompt, request_file, self.batches(request_file), self.inference, self.internal, wait_seconds
        )

    def begin(self, texts: list[str], request_file: str = FILE) -> BedrockJsonl:
        """Bring a file to where batch_job begins."""
        self.put(request_file, texts)
        return self.plan(request_file)

    def waiting(self) -> list[Waiting]:
        """The notes of files that wait."""
        return [waiting for _, waiting in WaitingNotes().read(self.internal)]


def core(tmp_path: Path, **changes: object) -> Core:
    """The core in a folder, with a prompt of this content."""
    inference = ScriptedInference(tmp_path, price=Price(10.0, 50.0))
    prompt = Prompt(name="tickets", **{**prompt_content(), **changes})
    return Core(tmp_path, prompt, inference, inference.internal)


def test_finished_jobs_are_rows_of_the_table(tmp_path: Path) -> None:
    made = core(tmp_path)
    made.begin(["My flight", "charged"])
    note_waiting(made.internal, made.prompt, FILE, [], ["a job"])
    finished = made.batch_job()
    assert isinstance(finished, Finished)
    (job,) = finished.jobs
    assert (job.status, job.records, job.succeeded, job.failed, job.unanswered) == (JobState.COMPLETED, 2, 2, 0, 0)
    assert finished.cost_usd == job.cost_usd == pytest.approx(2 * Price(10.0, 50.0).cost(100, 10))
    (batch,) = finished.batches
    assert finished_jobs(batch.to_pylist()) == [job]
    assert made.waiting() == [], "it waits no more"


def test_a_row_has_the_columns_of_the_table_and_comes_back_as_it_was() -> None:
    assert [field.name for field in fields(FinishedJob)] == BATCH_JOB.schema.names
    moment = datetime.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    job = FinishedJob(
        "a.csv",
        "b",
        2,
        "n",
        "arn",
        JobState.PARTIALLY_COMPLETED,
        moment,
        None,
        5,
        4,
        1,
        1,
        10,
        20,
        None,
        "/x",
        "m",
        "b.csv",
    )
    rows = finished_jobs_to_arrow([job])
    assert rows["status"].to_pylist() == ["PartiallyCompleted"]
    assert finished_jobs(rows.to_pylist()) == [job]


def test_a_file_without_batches_is_finished(tmp_path: Path) -> None:
    made = core(tmp_path)
    made.begin([])
    finished = made.batch_job()
    assert isinstance(finished, Finished) and (finished.batches, finished.cost_usd) == ([], 0.0)


def test_costs_of_an_unknown_price_are_not_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = core(tmp_path)
    made.begin(["My flight"])
    monkeypatch.setattr(made.inference, "price", lambda prompt, records: None)
    finished = made.batch_job()
    assert isinstance(finished, Finished) and finished.cost_usd is None and finished.repair_cost_usd == 0.0


def test_jobs_under_way_are_told_of_and_noted(tmp_path: Path) -> None:
    made = core(tmp_path)
    made.inference.waits = True
    made.begin(["My flight", "charged"])
    under_way = made.batch_job()
    assert isinstance(under_way, UnderWay)
    (job,) = under_way.jobs
    assert job.progress == "InProgress, 0 of 2" and under_way.too_few is None and under_way.waiting_for_place == 0
    (note,) = made.waiting()
    assert (note.request_file, note.jobs, list(note.unsent)) == (FILE, {job.name: job.arn}, [])


def test_jobs_without_a_place_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = core(tmp_path)
    monkeypatch.setattr(made.inference, "free_places", lambda prompt: 0)
    made.begin(["My flight"])
    under_way = made.batch_job()
    assert isinstance(under_way, UnderWay) and under_way.waiting_for_place == 1 and not under_way.jobs
    (note,) = made.waiting()
    assert note.jobs == {} and len(note.unsent) == 1


def test_a_failure_that_a_person_must_mend_is_told_and_not_waited_for(tmp_path: Path) -> None:
    made = core(tmp_path)
    made.inference.failure = "The provided model identifier is invalid."
    made.begin(["My flight"])
    note_waiting(made.internal, made.prompt, FILE, [], ["a job"])
    with pytest.raises(InferenceError, match=r"failed: The provided model identifier is invalid; correct model.id"):
        made.batch_job()
    assert made.waiting() == []


def test_a_service_that_is_lost_on_the_way_is_come_back_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = core(tmp_path)
    made.inference.waits = True
    made.begin(["My flight"])

    def lost(arn: str) -> Job:
        raise ClassifierError("Bedrock cannot be reached.")

    monkeypatch.setattr(made.inference, "look_up", lost)
    with pytest.raises(ClassifierError, match="cannot be reached"):
        made.batch_job(wait_seconds=5)
    (note,) = made.waiting()
    assert len(note.jobs) == 1


def test_a_service_that_is_busy_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = core(tmp_path)
    made.begin(["My flight"])
    calls: list[str] = []
    find = made.inference.find

    def busy_once(name: str) -> Job | None:
        calls.append(name)
        if len(calls) == 1:
            raise NotNow("Too many requests.")
        return find(name)

    monkeypatch.setattr(made.inference, "find", busy_once)
    assert isinstance(made.batch_job(wait_seconds=None), Finished)
    assert len(calls) == 2 and made.inference.asked == ["My flight"]


def few(tmp_path: Path) -> Core:
    """A service that wants three texts in a job, and a prompt that forbids asking on demand."""
    made = core(tmp_path, on_demand="never")
    made.inference.limits = replace(made.inference.limits, minimum_records=3)
    return made


def test_too_few_texts_say_how_many_are_missing_and_are_called_by_the_next_file(tmp_path: Path) -> None:
    made = few(tmp_path)
    made.begin(["one"])
    under_way = made.batch_job(wait_seconds=None)
    assert isinstance(under_way, UnderWay)
    assert under_way.too_few == "1 texts wait: a job needs 3, 2 more, and on_demand is never."
    assert made.waiting() == [] and made.inference.submitted == []
    made.begin(["two", "three"], "next.csv")
    assert isinstance(made.batch_job("next.csv"), Finished)
    reruns = [rerun.request_file for _, noted in RerunNotes().read(made.internal) for rerun in noted]
    assert reruns == [FILE] and sorted(made.inference.asked) == ["one", "three", "two"]


def test_jobs_in_flight_are_come_back_for_though_other_texts_of_the_file_are_held_back(tmp_path: Path) -> None:
    made = few(tmp_path)
    made.inference.waits = True
    made.begin(["one", "two", "three"])
    assert isinstance(made.batch_job(), UnderWay)
    made.begin(["one", "four"], "shares.csv")
    under_way = made.batch_job("shares.csv")
    assert isinstance(under_way, UnderWay) and under_way.too_few is not None and len(under_way.jobs) == 1
    notes = {note.request_file: note for note in made.waiting()}
    assert len(notes["shares.csv"].jobs) == 1


def test_few_texts_that_are_left_after_a_failure_do_not_keep_their_file_waiting(tmp_path: Path) -> None:
    """The job failed for good and had answered some all the same: the rest is too few for a job, and ends as failed."""
    made = few(tmp_path)
    made.begin(["one", "two", "three"])
    submit = made.inference.submit

    def fails_with_answers(request: object) -> Job:
        made.inference.reply = lambda text: None if text == "three" else "<class>Other</class>"
        job = submit(request)  # type: ignore[arg-type]
        failed = Job(job.name, job.arn, JobState.FAILED, message="The provided model identifier is invalid.")
        made.inference.jobs[job.name] = failed
        return failed

    made.inference.submit = fails_with_answers  # type: ignore[method-assign]
    with pytest.raises(InferenceError):
        made.batch_job()
    finished = made.batch_job()
    assert isinstance(finished, Finished)
    assert [(job.succeeded, job.unanswered) for job in finished.jobs] == [(2, 1)]
