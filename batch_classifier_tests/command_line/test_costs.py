"""`costs`, `classify --estimate` and `classify --approve`, as a person gives them."""

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.inference.prices import Price
from batch_classifier_tests.emulators.server import BedrockEmulator
from batch_classifier_tests.support.bedrock_with_duckdb import deployed_with_duckdb
from batch_classifier_tests.support.command_line import make_project, run, told
from batch_classifier_tests.support.project import CLASSIFYING, Project
from batch_classifier_tests.support.quick_storage import quick
from batch_classifier_tests.support.scripted_inference import ScriptedInference

TEXTS = ["My flight", "I was charged twice", "My flight", "Hello?"]
HAIKU = "anthropic.claude-3-haiku-20240307-v1:0"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in the current folder, whose texts a service answered that is paid for; the command line has the local engine."""
    made = make_project(tmp_path)
    made.prompts.rename(tmp_path / "own")
    made.set_prompt()
    made.inference = ScriptedInference(made.home, price=Price(10.0, 50.0))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")
    return made


def test_the_bill_by_whatever_one_asks(here: Project) -> None:
    assert "Nothing was charged" in run("costs").output
    with quick(dg.DagsterInstance.ephemeral()) as here.instance:
        here.classify("calls.csv", TEXTS, *CLASSIFYING)
        here.classify("again.csv", [*TEXTS[:2], "One more flight"], *CLASSIFYING)
    shown = run("costs", "--by", "file").output
    line = next(line for line in shown.split("\n") if "tickets/calls.csv" in line)
    assert [cell.strip() for cell in line.split("│")][1:6] == ["1", "3", "300", "30", "0.0045"]
    report = json.loads(run("costs", "--prompt", "tickets", "--by", "category", "--json").output)
    assert {line["name"] for line in report["lines"]} == {"tickets: Travel", "tickets: Billing", "tickets: Other"}
    assert report["total"]["input_tokens"] == 400 and report["total"]["cost_usd"] == pytest.approx(0.006)
    # A text takes 100 tokens and 10: 0.0015 USD; one is a duplicate, two were answered before.
    assert report["total"]["saved"]["deduplication"] == pytest.approx(0.0015)
    assert report["total"]["saved"]["earlier_answers"] == pytest.approx(0.003)
    assert "nonesuch" in told(run("costs", "--prompt", "nonesuch"))
    assert "month, prompt, file, category" in told(run("costs", "--by", "week"))


def test_an_estimate_submits_nothing_and_names_what_is_missing_in_a_price_file(here: Project, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    here.drop("calls.csv", TEXTS).rename(path)
    shown = run("classify", path, "--prompt", "tickets", "--estimate").output
    assert "4 rows with text, 3 distinct texts" in shown and "3 to be asked, on demand" in shown, shown
    assert "USD with" in shown and "starting values" in shown and "Nothing was submitted" in shown
    assert "if each row were asked by itself" in shown
    assert not list(here.home.glob("**/*.jsonl")) and not list(here.home.glob("input_data/**/*.csv"))
    prices = Path("data", "prices.yaml")
    prices.write_text("{date: 2026-03-01, source: ours, models: [{model: nova, input: 1, output: 2}]}", "utf-8")
    shown = run("classify", path, "--prompt", "tickets", "--estimate").output
    assert "Tokens: about" in shown and "Price unknown" in shown and str(prices) in shown and "model.price" in shown
    prices.write_text("models: []", "utf-8")
    assert str(prices) in told(run("classify", path, "--prompt", "tickets", "--estimate"))


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BedrockEmulator]:
    """Bedrock's emulator as the deployment of a project in the current folder, with a budget of a hundredth of a cent."""
    with deployed_with_duckdb(monkeypatch, tmp_path) as deployment:
        monkeypatch.setenv("BATCH_CLASSIFIER_CUSTOMER_URI", str(tmp_path / "data"))
        monkeypatch.setenv("COLUMNS", "300")
        project = make_project(tmp_path)
        project.prompts.rename(tmp_path / "own")
        project.set_prompt(budget_usd=0.0001, model={"id": HAIKU})
        (tmp_path / "prompts" / "tickets.yaml").write_text(
            (project.prompts / "tickets.yaml").read_text("utf-8"), "utf-8"
        )
        yield deployment.emulator


@pytest.mark.long
def test_a_file_over_the_budget_is_held_back_until_it_is_approved(emulator: BedrockEmulator, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("text\n" + "".join(f"My flight {number} {'was late ' * 30}\n" for number in range(20)), "utf-8")
    said = told(run("classify", path, "--prompt", "tickets"))
    assert "calls.csv would cost about" in said and "0.0001 USD" in said and "--approve" in said
    assert emulator.calls.on_demand == 0 and emulator.calls.creates_accepted == 0
    passed = run("classify", path, "--prompt", "tickets", "--approve")
    assert passed.exit_code == 0, passed.output
    assert emulator.calls.on_demand == 20
    assert "tickets" in run("costs").output
