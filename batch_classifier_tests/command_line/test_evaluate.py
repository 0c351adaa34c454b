"""`batch-classifier evaluate` on real files: its figures, and that the project's own tables stay as they are."""

import json
import shutil
import signal
from pathlib import Path

import pytest
from typer.testing import Result

from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Job, JobLimits
from batch_classifier_tests.support.command_line import run, told
from batch_classifier_tests.support.evaluated_project import PAID, TRUTHS, Here, rows
from batch_classifier_tests.support.prompt_content import PROMPT, prompt_content
from batch_classifier_tests.support.scripted_inference import by_keyword


@pytest.mark.parametrize("name", ["labels.csv", "labels.xlsx"])
def test_the_figures_are_those_worked_out_by_hand(here: Here, name: str) -> None:
    """20 of 22 are right; Billing has 9 expected, 9 given and 8 right, Travel 9, 8 and 8, Other 4, 5 and 4."""
    found = here.figures(labels=here.labels(name=name))
    (variant,) = found["variants"]
    assert (found["texts"], variant["right"]) == (22, 20)
    assert variant["accuracy"] == pytest.approx(20 / 22)
    # scipy.stats.binomtest(20, 22).proportion_ci(method="wilson")
    assert variant["accuracy_interval"] == pytest.approx([0.7218505315839419, 0.9747045710090048])
    by_name = {one["category"]: one for one in variant["categories"]}
    assert [(by_name[name]["precision"], by_name[name]["recall"]) for name in ("Billing", "Travel", "Other")] == [
        pytest.approx((8 / 9, 8 / 9)),
        pytest.approx((1.0, 8 / 9)),
        pytest.approx((4 / 5, 1.0)),
    ]
    assert variant["macro_f1"] == pytest.approx((16 / 18 + 16 / 17 + 8 / 9) / 3)
    wrong = [one for one in variant["confusion"] if one["expected"] != one["class"]]
    assert wrong == [
        {"expected": "Billing", "class": "Other", "texts": 1},
        {"expected": "Travel", "class": "Billing", "texts": 1},
    ]
    assert [(one["record_id"], one["given"][0]["class"]) for one in found["mistakes"]] == [
        ("R17", "Other"),
        ("R18", "Billing"),
    ]


def test_cost_and_tokens_are_for_a_thousand_texts(here: Here) -> None:
    """The scripted model reads 100 tokens a text and writes 10, at 1 and 5 USD a million."""
    (variant,) = here.figures()["variants"]
    assert variant["input_tokens_per_1000_texts"] == pytest.approx(100_000)
    assert variant["output_tokens_per_1000_texts"] == pytest.approx(10_000)
    assert variant["cost_usd_per_1000_texts"] == pytest.approx(0.15)
    assert variant["spent_usd"] == pytest.approx(22 * 0.00015)
    assert (variant["texts_asked"], variant["texts_reused"]) == (22, 0) and variant["seconds"] > 0


def test_the_terminal_shows_it_as_tables(here: Here) -> None:
    result = here.evaluate()
    assert result.exit_code == 0, result.output
    for part in ("22 labelled texts of labels.csv.", "90.9%", "72.2% to 97.5%", "macro-F1", "0.1500 USD", "but given"):
        assert part in result.output


@pytest.mark.long
def test_nothing_is_paid_for_twice(here: Here) -> None:
    first, second = here.figures(), here.figures()
    assert sorted(here.model.asked) == sorted(text for text, _ in TRUTHS)
    for name in ("right", "cost_usd_per_1000_texts", "input_tokens_per_1000_texts"):
        assert second["variants"][0][name] == first["variants"][0][name]
    assert (second["variants"][0]["texts_asked"], second["variants"][0]["texts_reused"]) == (0, 22)
    assert second["variants"][0]["spent_usd"] == 0


@pytest.mark.long
@pytest.mark.parametrize("keeps_batches", [pytest.param(True, marks=pytest.mark.long), False])
def test_what_the_team_has_paid_for_is_used_and_its_tables_stay(here: Here, keeps_batches: bool) -> None:
    """Also where retention has cleared the batches away, and only the tables have the answers."""
    here.labels(rows([(text, None) for text, _ in TRUTHS[:15]]), "team.csv")
    assert run("classify", "team.csv", "--prompt", PROMPT).exit_code == 0
    if not keeps_batches:
        shutil.rmtree(here.folder / "data" / "internal")
    asked, before, tables = len(here.model.asked), here.state(), here.tables()
    (variant,) = here.figures()["variants"]
    assert here.model.asked[asked:] == [text for text, _ in TRUTHS[15:]]
    assert here.tables() == tables
    assert here.bill() == [
        ("labels.csv", "evaluation", pytest.approx(7 * PAID), 1),
        ("team.csv", "request_file", pytest.approx(15 * PAID), 1),
    ]
    assert (variant["texts_asked"], variant["texts_reused"], variant["right"]) == (7, 15, 20)
    assert variant["input_tokens_per_1000_texts"] == pytest.approx(100_000)
    assert here.state() == before


@pytest.mark.long
def test_what_an_evaluation_has_paid_for_the_team_does_not_pay_again(here: Here) -> None:
    here.figures()
    asked, spent = len(here.model.asked), spent_of(run("costs", "--json"))
    classified = run("classify", "labels.csv", "--prompt", PROMPT)
    assert classified.exit_code == 0 and "Accuracy on 22 labelled rows: 90.9%" in classified.output
    assert len(here.model.asked) == asked and spent_of(run("costs", "--json")) == pytest.approx(spent)


def spent_of(told: Result) -> float:
    """The total of `costs --json`."""
    return float(json.loads(told.output)["total"]["cost_usd"])


def test_an_evaluation_leaves_no_rows_files_or_notes_but_its_bill(here: Here) -> None:
    here.figures()
    assert here.state() == {}, "only batches, answers and the bill are in the home"
    assert not any(here.tables().values())
    assert here.bill() == [("labels.csv", "evaluation", pytest.approx(22 * PAID), 1)]
    report = json.loads(run("costs", "--by", "file", "--json").output)
    (line,) = report["lines"]
    assert line["name"] == f"{PROMPT}/labels.csv (evaluation)" and line["evaluations_usd"] == line["cost_usd"]
    assert report["total"]["evaluations_usd"] == pytest.approx(22 * PAID)
    assert here.query(f"select request_file from {PROMPT}.costs_by_file") == [("labels.csv (evaluation)",)]
    assert here.query(f"select asked_for from {PROMPT}.costs_by_month") == [("evaluation",)]
    by_category = run("costs", "--by", "category").output
    assert "(evaluations)" in by_category and "Evaluations took 0.0033 USD of it." in by_category
    # Again nothing is paid, and nothing is billed.
    here.figures()
    assert here.bill() == [("labels.csv", "evaluation", pytest.approx(22 * PAID), 1)]
    # It counts in the month, to which later evaluations are held.
    here.prompt(monthly_budget_usd=23 * PAID)
    here.labels(rows([(f"{text} again", label) for text, label in TRUTHS]))
    refusal = told(here.evaluate())
    assert "monthly_budget_usd" in refusal and "spent: 0.0033" in refusal and len(here.model.asked) == 22


def test_an_interrupted_evaluation_goes_on(here: Here) -> None:
    """Interrupted as by a person, while it waits for its job, which ends by itself."""
    look_up = here.model.look_up

    def interrupted(arn: str) -> Job:
        signal.raise_signal(signal.SIGINT)
        return look_up(arn)

    here.model.waits = True
    here.model.look_up = interrupted  # type: ignore[method-assign]
    result = here.evaluate()
    assert result.exit_code == 130 and "start the same command again" in result.output, result.output
    assert here.state() == {}, "no sensor is to come back for it"
    here.model.look_up = look_up  # type: ignore[method-assign]
    here.model.waits = False
    assert here.figures()["variants"][0]["right"] == 20
    assert len(here.model.submitted) == 1 and len(here.model.asked) == 22


def test_a_service_that_cannot_be_reached_leaves_no_note(here: Here) -> None:
    """A request file's run would leave one, for the sensor to come back to its jobs."""

    def unreachable(arn: str) -> Job:
        raise ClassifierError("The service does not answer; try again later.")

    here.model.waits = True
    here.model.look_up = unreachable  # type: ignore[method-assign]
    assert "does not answer" in told(here.evaluate())
    assert here.state() == {}


def test_too_few_texts_for_a_job_are_told_and_nobody_waits_for_more(here: Here) -> None:
    here.model.limits = JobLimits(minimum_records=100, maximum_records=50_000, maximum_bytes=1_000_000)
    here.prompt(on_demand="never")
    assert "too few texts for a job of 100" in told(here.evaluate())
    assert here.state() == {} and here.model.asked == []


def test_a_prompt_file_beside_another(here: Here) -> None:
    """Without the category Travel, what is about it has no class: 8 texts are wrong there and right here."""
    short = [one for one in prompt_content()["categories"] if one["name"] != "Travel"]
    here.prompt("short.yaml", categories=short)
    found = here.figures("--against", "short.yaml")
    assert [one["variant"] for one in found["variants"]] == [PROMPT, "short.yaml"]
    (compared,) = found["comparisons"]
    assert [compared[name] for name in ("both_right", "only_this_right", "only_the_other_right", "neither_right")] == [
        12,
        0,
        8,
        2,
    ]
    # scipy.stats.binomtest(0, 8, 0.5).pvalue
    assert compared["p_value"] == pytest.approx(0.0078125) and compared["outcome"] == "worse"
    assert compared["sentence"].startswith(
        f"short.yaml is worse than {PROMPT}: 54.5% against 90.9% right on the same 22"
    )


@pytest.mark.long
def test_another_prompt_of_the_folder_by_its_name_or_its_files(here: Here) -> None:
    here.prompt("prompts/brief.yaml", rationale=False)
    for name in ("brief", "brief.yaml"):
        assert [one["variant"] for one in here.figures("--against", name)["variants"]] == [PROMPT, name]


def test_few_labels_say_so_and_how_many_would_do(here: Here) -> None:
    short = [one for one in prompt_content()["categories"] if one["name"] != "Travel"]
    here.prompt("short.yaml", categories=short)
    few = here.labels(rows([*TRUTHS[:8], *TRUTHS[8:11]]))
    (compared,) = here.figures("--against", "short.yaml", labels=few)["comparisons"]
    assert compared["outcome"] == "too_few_labels" and compared["labels_needed"] > 11
    assert compared["sentence"].startswith("Too few labels to say whether short.yaml is better or worse")


def test_models_beside_each_other(here: Here) -> None:
    here.model.model_id = lambda prompt: prompt.model.id  # type: ignore[method-assign]
    models = ("anthropic.claude-3-haiku-20240307-v1:0", "amazon.nova-lite-v1:0")
    found = here.figures("--model", models[0], "--model", models[1])
    assert [(one["variant"], one["model_id"]) for one in found["variants"]] == [(model, model) for model in models]
    (compared,) = found["comparisons"]
    assert compared["outcome"] == "alike" and compared["p_value"] == 1


@pytest.mark.long
def test_engines_beside_each_other(here: Here) -> None:
    found = here.figures("--inference", "bedrock", "--inference", "local")
    assert [(one["variant"], one["inference"]) for one in found["variants"]] == [
        ("bedrock", "bedrock"),
        ("local", "local"),
    ]
    assert found["variants"][1]["cost_usd_per_1000_texts"] == 0 and found["variants"][1]["texts_asked"] == 22


def test_classes_that_are_none_are_measured_and_stop_nothing(here: Here) -> None:
    """Half of the answers are no category: the checks would block a request file's run, and this counts them."""
    here.model.reply = lambda text: "<class>Weather</class>" if "flight" in text else by_keyword(text)
    (variant,) = here.figures()["variants"]
    assert variant["right"] == 12
    assert {"expected": "Travel", "class": None, "texts": 8} in variant["confusion"]


def test_the_page_shows_texts_as_texts(here: Here) -> None:
    here.labels(rows([*TRUTHS, ('<script>alert(1)</script><img src=x onerror=alert(2)> & "more"', "Billing")]))
    assert here.evaluate("--page", "page.html").exit_code == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt; &amp; &#34;more&#34;" in page
    assert "<script" not in page and "<img" not in page
    assert "http" not in page.replace("http-equiv", ""), "it loads nothing"
    assert "A charge for a trip" in page and "Precision" not in page
    assert Path("page.html").stat().st_mode & 0o777 == 0o600


def test_a_category_cannot_break_out_of_the_page(here: Here) -> None:
    odd = prompt_content()["categories"]
    odd[0]["name"] = 'Billing" & {{ 7 * 7 }}'
    here.prompt(categories=odd)
    here.labels(rows([(text, odd[0]["name"] if label == "Billing" else label) for text, label in TRUTHS]))
    here.model.reply = lambda text: by_keyword(text).replace("<class>Billing<", f"<class>{odd[0]['name']}<")
    assert here.evaluate("--page", "page.html").exit_code == 0
    assert "Billing&#34; &amp; {{ 7 * 7 }}" in Path("page.html").read_text(encoding="utf-8")
