"""Budgets: nothing is sent over one, whichever way it would go; two files at once cannot pass together; a person lets one pass."""

import datetime
import threading
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.prices import Price
from batch_classifier.jobs.batch_job import Finished, run_batch_jobs
from batch_classifier.jobs.bill import record_bill
from batch_classifier.notes import reservations
from batch_classifier.notes.budget import APPROVE_TAG, Budget
from batch_classifier.notes.reservations import Reservation, Reservations, this_month
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.warehouse.batch import Batch
from batch_classifier_tests.support.core_pipeline import CorePipeline
from batch_classifier_tests.support.outcomes import failure_of, is_one_sentence, metadata_of
from batch_classifier_tests.support.project import Project, scripted
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.scripted_inference import ScriptedInference, said

# A text costs about a cent: its answer is said to have 10 tokens.
PRICE = Price(0.0, 1_000.0)
TEXTS = [f"My flight {number}" for number in range(5)]


def run(project: Project, request_file: str, *assets: str, approve: bool = False) -> dg.ExecuteInProcessResult:
    """A run as Dagster makes it, with its checks."""
    project.instance.add_dynamic_partitions(f"{project.prompt_name}_request_files", [request_file])
    return project.definitions.resolve_job_def(f"classify_{project.prompt_name}").execute_in_process(
        instance=project.instance,
        partition_key=request_file,
        raise_on_error=False,
        asset_selection=[dg.AssetKey([project.prompt_name, asset]) for asset in assets] or None,
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        tags={APPROVE_TAG: "yes"} if approve else None,
    )


def refusal(result: dg.ExecuteInProcessResult) -> str:
    """What the check says, as one sentence."""
    (found,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "within_budget"]
    assert not result.success and not found.passed and found.blocking and found.description
    assert is_one_sentence(found.description), found.description
    return found.description


def test_a_budget_of_one_cent_lets_nothing_through_and_approval_one_file_once(
    projects: Callable[..., Project],
) -> None:
    project = projects(price=PRICE, budget_usd=0.01)
    for name in ("first.csv", "second.csv"):
        project.drop(name, [f"{name}: {text}" for text in TEXTS])
        result = run(project, name, "raw_requests", "bedrock_jsonl")
        said = refusal(result)
        assert all(part in said for part in (name, "0.30 USD", "0.01 USD", "budget_usd", "--approve", APPROVE_TAG))
    (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == "within_budget"]
    assert check.metadata["would_cost_usd"].value == pytest.approx(0.3) and check.metadata["budget_usd"].value == 0.01
    assert "over the budget of 0.01 USD" in failure_of(run(project, "first.csv", "batch_job")), (
        "also when it runs alone"
    )
    assert not scripted(project).submitted and not project.jsonl_files()

    result = run(project, "first.csv", approve=True)
    assert result.success, failure_of(result)
    assert {row["status"] for row in project.rows("classifications", "first.csv")} == {"classified"}
    assert len(scripted(project).submitted) == 1
    project.drop("first.csv", [f"Anew: {text}" for text in TEXTS])
    refusal(run(project, "first.csv", "raw_requests", "bedrock_jsonl"))
    assert len(scripted(project).submitted) == 1, "the approval was for that run"
    assert metadata_of(result, "batch_job")["estimate_error"] == pytest.approx(5.0), "60 tokens estimated, 10 written"


def test_an_approved_file_goes_on_in_runs_that_are_not(projects: Callable[..., Project]) -> None:
    """As on AWS, where one run sends the jobs and another comes back for them."""
    project = projects(price=PRICE, budget_usd=0.01)
    scripted(project).waits = True
    project.drop("calls.csv", TEXTS)
    result = run(project, "calls.csv", "raw_requests", "bedrock_jsonl", approve=True)
    assert result.success and len(project.jsonl_files()) == 1
    refused = failure_of(run(project, "calls.csv", "batch_job"))
    assert "over the budget of 0.01 USD" in refused and not scripted(project).submitted
    op = {"ops": {f"{project.prompt_name}__batch_job": {"config": {"wait_seconds": 0}}}}
    definitions = project.definitions.resolve_job_def(f"classify_{project.prompt_name}")
    for tags in ({APPROVE_TAG: "yes"}, None):
        outcome = definitions.execute_in_process(
            instance=project.instance,
            partition_key="calls.csv",
            raise_on_error=False,
            asset_selection=[dg.AssetKey([project.prompt_name, name]) for name in ("batch_job", "classifications")],
            run_config=op,
            tags=tags,
        )
        assert outcome.success, failure_of(outcome)
        scripted(project).waits = False
        for job in scripted(project).submitted:
            scripted(project).submit(job)
    assert len(project.rows("classifications")) == len(TEXTS)


def test_a_month_is_held_over_all_files_and_says_what_is_left(projects: Callable[..., Project]) -> None:
    project = projects(price=PRICE, budget_usd=1.0, monthly_budget_usd=0.34)
    assert project.classify("first.csv", TEXTS)
    (billed,) = project.rows("bill")
    assert billed["cost_usd"] == pytest.approx(0.05) and billed["month"] == this_month()
    assert not any(Reservations(scripted(project).internal, project.prompt_name, this_month()).read().values())
    project.drop("second.csv", [f"Second: {number}" for number in range(30)])
    result = run(project, "second.csv", "raw_requests", "bedrock_jsonl", "batch_job")
    said = refusal(result)
    parts = ("second.csv", "monthly_budget_usd", "0.34 USD", "0.29 USD are left", this_month(), "spent: 0.05")
    assert all(part in said for part in parts), said
    assert len(scripted(project).submitted) == 1
    assert run(project, "second.csv", "raw_requests", "bedrock_jsonl", "batch_job", approve=True).success


def test_without_a_price_no_budget_holds_and_nothing_is_sent(projects: Callable[..., Project]) -> None:
    project = projects(price=PRICE)
    scripted(project).usd = None  # type: ignore[assignment]
    project.drop("calls.csv", TEXTS)
    said = refusal(run(project, "calls.csv", "raw_requests", "bedrock_jsonl"))
    assert all(part in said for part in ("no price is known", "model.price", "--approve")), said
    assert not scripted(project).submitted
    assert run(project, "calls.csv", "raw_requests", "bedrock_jsonl", "batch_job", approve=True).success
    (billed,) = project.rows("bill")
    assert billed["cost_usd"] is None and billed["input_tokens"] == 500


class Core(CorePipeline):
    """The core with its budgets."""

    inference: ScriptedInference

    def budget(self, request_file: str) -> Budget:
        """As a run of the file has it."""
        return Budget(self.prompt, request_file, self.warehouse, self.inference, self.internal)

    def send(self, request_file: str) -> str:
        """One run of batch_job: what it refused, or nothing."""
        sql = f"select * from {self.prompt.name}.bedrock_jsonl where request_file = '{request_file}'"
        batches = [Batch.from_row(row) for row in self.warehouse.query(self.prompt.name, sql)]
        try:
            budget = self.budget(request_file)
            done = run_batch_jobs(
                self.prompt, request_file, batches, self.inference, self.internal, None, budget=budget
            )
        except ClassifierError as error:
            return str(error)
        assert isinstance(done, Finished)
        record_bill(self.warehouse, self.prompt, self.inference, batches, done.jobs)
        budget.settle()
        return ""


def core(tmp_path: Path, **changes: object) -> Core:
    """The core in a folder, with a prompt of this content."""
    inference = ScriptedInference(tmp_path, price=PRICE)
    return Core(
        tmp_path,
        Prompt(name="tickets", **{**prompt_content(), **changes}),
        inference,
        LocalFolder(tmp_path / "internal"),
    )


def test_two_files_at_once_cannot_pass_together(tmp_path: Path) -> None:
    """Six files of 0.30 USD race for a month of 0.65: two of them pass, whoever is first."""
    made = core(tmp_path, monthly_budget_usd=0.65)
    made.inference.waits = True
    names = [f"{number}.csv" for number in range(6)]
    for name in names:
        made.put(name, [f"{name} {text}" for text in TEXTS])
        assert made.plan(name).refusal is None, "each by itself would be within it"
    refused: dict[str, str] = {}
    start = threading.Barrier(len(names))

    def race(name: str) -> None:
        budget = made.budget(name)
        sql = f"select * from tickets.bedrock_jsonl where request_file = '{name}'"
        batches = [Batch.from_row(row) for row in made.warehouse.query("tickets", sql)]
        start.wait()
        try:
            budget.reserve(budget.unsent(batches))
        except ClassifierError as error:
            refused[name] = str(error)

    threads = [threading.Thread(target=race, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 4
    assert all("0.05 USD are left" in said and "reserved for jobs under way: 0.60" in said for said in refused.values())
    made.inference.waits = False
    assert [made.send(name) == "" for name in names if name not in refused] == [True, True]
    assert len(made.inference.submitted) == 2
    (late, *_) = refused
    assert made.send(late) == "", "what was billed is less than what was reserved, and leaves room"


def test_what_a_killed_run_reserved_lapses_unless_its_job_was_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = core(tmp_path, monthly_budget_usd=0.35)
    made.put("calls.csv", TEXTS)
    made.plan("calls.csv")
    now = datetime.datetime.now(datetime.UTC)
    long_ago = (now - datetime.timedelta(hours=2)).isoformat()
    notes = Reservations(made.internal, "tickets", this_month())
    killed = Reservation("killed.csv", "never-sent", 0.3, now.isoformat())
    notes.change(lambda _state: {"a-1": killed})
    assert "0.05 USD are left" in made.send("calls.csv")
    notes.change(lambda _state: {"a-1": Reservation("killed.csv", "never-sent", 0.3, long_ago)})
    assert made.send("calls.csv") == ""
    assert list(notes.read()) == [], "the one has lapsed, the other is billed"

    made.put("more.csv", [f"More: {text}" for text in TEXTS])
    made.plan("more.csv")
    sent = made.inference.submitted[0].name
    notes.change(lambda _state: {"a-1": Reservation("killed.csv", sent, 0.3, long_ago)})
    assert "reserved for jobs under way: 0.30" in made.send("more.csv")


def test_a_run_that_decides_by_an_old_state_looks_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where so much has happened since that the number it would write under is free again."""
    monkeypatch.setattr(reservations, "_STATES_KEPT", 2)
    notes = Reservations(LocalFolder(tmp_path), "tickets", this_month())
    seen = []

    def slow(state: reservations.State) -> reservations.State:
        seen.append(dict(state))
        if len(seen) == 1:
            for number in range(6):
                one = Reservation("b.csv", "job", float(number), "2026-11-01T00:00:00+00:00")
                notes.change(lambda state, one=one: {**state, "b-1": one})  # type: ignore[misc]
        return {**state, "a-1": Reservation("a.csv", "job", 1.0, "2026-11-01T00:00:00+00:00")}

    notes.change(slow)
    assert seen[0] == {} and seen[-1]["b-1"].usd == 5.0
    assert set(notes.read()) == {"a-1", "b-1"}


def test_second_questions_and_retries_count_and_what_is_there_stays(tmp_path: Path) -> None:
    """The first answers take the file's whole budget: no text is asked once more, and each row says how it ended."""
    made = core(tmp_path, budget_usd=0.62)
    made.inference.reply = lambda text: said(
        "<class>Nothing</class>" if "2" in text else "<class>Travel</class>", 100, 120
    )
    made.put("calls.csv", [*TEXTS, *(f"And {text}" for text in TEXTS)])
    made.plan("calls.csv")
    budget = made.budget("calls.csv")
    batches = [Batch.from_row(row) for row in made.warehouse.query("tickets", "select * from tickets.bedrock_jsonl")]
    done = run_batch_jobs(made.prompt, "calls.csv", batches, made.inference, made.internal, None, budget=budget)
    assert isinstance(done, Finished)
    assert done.not_asked_again == 2 and done.repairs == 0
    assert len(made.inference.submitted) == 1 and [job.attempt for job in done.jobs] == [1]
