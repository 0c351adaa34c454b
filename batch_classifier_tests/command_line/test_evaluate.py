"""`batch-classifier evaluate` on real files: its figures, what is wrong with labels, and that the project's own tables stay as they are."""

import hashlib
import json
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from batch_classifier.command_line.main import command_line
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Job, JobLimits
from batch_classifier.inference.open_inference import INFERENCES
from batch_classifier.inference.prices import Price
from batch_classifier.warehouse.tables import BILL, TABLES
from batch_classifier_tests.support.outcomes import is_one_sentence
from batch_classifier_tests.support.prompt_content import PROMPT, prompt_content
from batch_classifier_tests.support.repository import REPOSITORY
from batch_classifier_tests.support.request_files import file_of
from batch_classifier_tests.support.scripted_inference import ScriptedInference, by_keyword

# What the scripted model makes of them: Billing where there is a charge, Travel where there is a flight, else Other.
TRUTHS = [
    *((f"They charge me twice, case {number}", "Billing") for number in range(8)),
    *((f"My flight was moved, case {number}", "Travel") for number in range(8)),
    ("No word of money, but it is about a bill", "Billing"),
    ("A charge for a trip", "Travel"),
    *((f"Wrong number, case {number}", "Other") for number in range(4)),
]

# What the scripted model takes for a text: 100 tokens at 1 and 10 at 5 USD a million.
PAID = 0.00015


def rows(truths: Sequence[tuple[str, str | None]] = TRUTHS) -> list[dict[str, Any]]:
    return [{"id": f"R{number}", "text": text, "label": label} for number, (text, label) in enumerate(truths, 1)]


class Here:
    """A project in the current folder, whose model is scripted and has a price."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = ScriptedInference(folder / "data", price=Price(1.0, 5.0))

    def prompt(self, path: str = f"prompts/{PROMPT}.yaml", **changes: Any) -> Path:
        """Write a prompt file."""
        target = self.folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(yaml.safe_dump(prompt_content(**changes), sort_keys=False), encoding="utf-8")
        return target

    def labels(self, truths: Sequence[dict[str, Any]] | None = None, name: str = "labels.csv") -> str:
        """Write a labelled file."""
        (self.folder / name).write_bytes(file_of(rows() if truths is None else truths, Path(name).suffix))
        return name

    def evaluate(self, *arguments: str, labels: str = "labels.csv") -> Result:
        """The command on a labelled file."""
        return run("evaluate", "--prompt", PROMPT, "--labels", labels, *arguments)

    def figures(self, *arguments: str, labels: str = "labels.csv", exit_code: int = 0) -> dict[str, Any]:
        """What it writes as JSON."""
        result = self.evaluate(*arguments, "--json", "figures.json", labels=labels)
        assert result.exit_code == exit_code, result.output
        return dict(json.loads(Path("figures.json").read_bytes()))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the project's database."""
        with duckdb.connect(str(self.folder / "data" / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def bill(self) -> list[tuple[Any, ...]]:
        """What was paid, for what, and how often that stands there."""
        return self.query(
            f"select request_file, asked_for, cost_usd, count(*) from {PROMPT}.bill group by all order by all"
        )

    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the project's tables hold beside the bill."""
        names = [table.name for table in TABLES if table is not BILL]
        return {name: self.query(f"select * from {PROMPT}.{name} order by all") for name in names}

    def state(self) -> dict[str, str]:
        """What the project's home holds beside batches and answers, and the database, which has the bill."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((self.folder / "data").rglob("*"))
            if path.is_file()
            and not path.is_relative_to(self.folder / "data" / "internal" / PROMPT)
            and path.name != "warehouse.duckdb"
        }


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command_line, list(arguments))


def told(result: Result) -> str:
    """The one sentence of an error."""
    lines = [line for line in result.output.split("\n") if line.startswith("Error: ")]
    assert result.exit_code == 1 and len(lines) == 1, result.output
    assert is_one_sentence(lines[0])
    return lines[0]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    """The current folder is a project."""
    made = Here(tmp_path)
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    made.prompt()
    made.labels()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("BATCH_CLASSIFIER_INFERENCE", "bedrock")
    monkeypatch.setitem(INFERENCES, "bedrock", lambda _settings: made.model)
    yield made


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


def with_column(name: str) -> list[dict[str, Any]]:
    return [{"id": row["id"], "text": row["text"], name: row["label"]} for row in rows()]


@pytest.mark.long
def test_the_labels_may_stand_in_another_column(here: Here) -> None:
    here.labels(with_column("truth"))
    assert here.figures("--label-column", "truth")["variants"][0]["right"] == 20
    here.prompt(input={"text": "text"})
    here.labels(with_column("expected_class"))
    assert here.figures()["variants"][0]["right"] == 20, "the name that a prompt without input.label takes"


@pytest.mark.parametrize(
    ("truths", "parts"),
    [
        (with_column("truth"), ["labels.csv has no label", "'label'", "--label-column"]),
        (rows([(text, None) for text, _ in TRUTHS]), ["labels.csv has no label", "--label-column"]),
        (rows(TRUTHS[:9]), ["labels.csv has 9 texts with a label that counts", "at least 10"]),
        (
            rows([(text, f"Weather {number}") for number, (text, _) in enumerate(TRUTHS)]),
            ["0 texts with a label that counts", "22 labels left out", "'Weather 0' in row 1", "and 17 more"],
        ),
        (
            rows([("They charge me twice", "Billing")] * 30),
            ["1 text with a label that counts", "29 rows left out, repeating"],
        ),
        (
            rows([("They charge me twice", "Billing"), ("They charge me twice", "Other")] * 10),
            ["0 texts with a label that counts", "whose text has two labels"],
        ),
        ([{"id": "1", "words": "They charge me twice", "label": "Billing"}], ["no column 'text'"]),
    ],
    ids=["no column", "no labels", "too few", "no classes", "repeats", "contradictions", "no texts"],
)
def test_labels_that_measure_nothing_are_refused_before_anything_is_asked(
    here: Here, truths: list[dict[str, Any]], parts: list[str]
) -> None:
    here.labels(truths)
    sentence = told(here.evaluate())
    assert all(part in sentence for part in parts), sentence
    assert here.model.asked == [] and here.state() == {}


def test_rows_that_do_not_count_are_left_out_and_told(here: Here) -> None:
    more: list[tuple[str, str | None]] = [
        *TRUTHS,
        ("They charge me twice, case 0", "Billing"),  # a repeat
        ("A flight for a flight", "Travel"),  # with two labels
        ("A flight for a flight", "Other"),
        ("It rains", "Weather"),  # of no category
        ("It rains again", None),  # without a label
        ("", "Billing"),  # without a text
        ("They charge me for rain", " billing. "),  # a category, spelled otherwise
    ]
    here.labels(rows(more))
    found = here.figures()
    assert (found["texts"], found["variants"][0]["right"]) == (23, 21)
    notes = " ".join(found["notes"])
    assert "1 label left out, being none of the categories: 'Weather' in row 26" in notes
    assert "2 rows left out, whose text has two labels: 24, 25" in notes
    for part in (
        "1 row left out, repeating the text",
        "1 labelled row left out, having no usable text",
        "1 row left out, having no label",
    ):
        assert part in notes


def test_two_prompts_of_which_one_is_broken(here: Here) -> None:
    """What can be known before anything is asked stops everything; nobody pays for half a comparison."""
    (here.folder / "broken.yaml").write_text("description: x\ncategories: [", encoding="utf-8")
    assert "broken.yaml" in told(here.evaluate("--against", "broken.yaml"))
    here.prompt("elsewhere.yaml", input={"text": "words", "label": "label"})
    assert "no column 'words'" in told(here.evaluate("--against", "elsewhere.yaml"))
    assert "no prompt named 'nobody'" in told(here.evaluate("--against", "nobody"))
    assert "nowhere.yaml" in told(here.evaluate("--against", "nowhere.yaml"))
    assert here.model.asked == []


@pytest.mark.long
def test_a_prompt_that_fails_while_it_is_asked_leaves_the_other_measured(here: Here) -> None:
    here.prompt("dear.yaml", budget_usd=0.0001, answer="json")
    found = here.figures("--against", "dear.yaml", exit_code=1)
    assert [one["variant"] for one in found["variants"]] == [PROMPT] and found["variants"][0]["right"] == 20
    (failed,) = found["failed"]
    assert failed["title"] == "dear.yaml" and "over the budget of 0.0001 USD" in failed["reason"]
    assert len(here.model.asked) == 22, "the budget holds"


def test_the_budget_of_the_only_prompt_holds(here: Here) -> None:
    here.prompt(budget_usd=0.0001)
    assert "over the budget" in told(here.evaluate())
    assert here.model.asked == []


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--against", PROMPT], "ask the same question"),
        (["--inference", "oracle"], "those there are: local, bedrock"),
        (["--json", "nowhere/figures.json"], "There is no folder nowhere"),
        (["--page", "prompts"], "is a folder"),
        (["--label-column", "text"], "--label-column"),
        (["--model", "nobody.knows-1"], "nobody.knows-1"),
        (["--sample", "5"], "Give either"),
    ],
)
def test_options_that_cannot_be(here: Here, arguments: list[str], part: str) -> None:
    assert part in told(here.evaluate(*arguments))
    assert here.model.asked == []


def test_a_labelled_file_that_is_not_there(here: Here) -> None:
    assert "There is no file" in told(here.evaluate(labels="nowhere.csv"))


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


@pytest.fixture
def classified(here: Here) -> Here:
    """A file of 600 texts is classified: a tenth are charges, a tenth flights."""
    kinds: list[Callable[[int], str]] = [
        lambda number: f"They charge me {number} times",
        lambda number: f"=HYPERLINK(flight {number})",
        lambda number: f"Wrong number {number}",
    ]
    texts = [(kinds[min(number % 10, 2)](number), None) for number in range(600)]
    here.labels(rows(texts), "team.csv")
    assert run("classify", "team.csv", "--prompt", PROMPT).exit_code == 0
    return here


def test_a_sample_is_labelled_and_read_back(classified: Here) -> None:
    result = run("evaluate", "--prompt", PROMPT, "--sample", "60", "--output", "to label.xlsx")
    assert result.exit_code == 0, result.output
    assert "60 texts to label, 30 drawn at random" in result.output.replace("\n", " ")
    workbook = load_workbook("to label.xlsx")
    sheet = workbook.worksheets[0]
    header, *drawn = sheet.iter_rows(values_only=True)
    assert header == ("id", "text", "label", "drawn") and len(drawn) == 60
    assert {row[2] for row in drawn} == {None}, "what the model said is not shown to whoever labels"
    (choice,) = sheet.data_validations.dataValidation
    assert (choice.type, str(choice.sqref), choice.formula1) == ("list", "C2:C61", "='Allowed classes'!$A$2:$A$4")
    assert [row[0] for row in workbook["Allowed classes"].iter_rows(min_row=2, values_only=True)] == [
        "Billing",
        "Travel",
        "Other",
    ]
    assert all(cell.data_type == "s" for (cell,) in sheet.iter_rows(min_row=2, min_col=2, max_col=2))
    # Somebody labels: what was chosen for its category is all wrong, and must not count.
    for row in sheet.iter_rows(min_row=2):
        row[2].value = "Other" if "number" in row[1].value else "Billing" if "charge" in row[1].value else "Travel"
        if row[3].value != "random":
            row[2].value = "Other"
    workbook.save("to label.xlsx")
    asked = len(classified.model.asked)
    found = classified.figures(labels="to label.xlsx")
    assert (found["texts"], found["variants"][0]["right"]) == (30, 30)
    assert "30 rows left out, drawn because the model doubts them" in " ".join(found["notes"])
    assert len(classified.model.asked) == asked, "all of it was answered before"


def test_every_category_has_its_turn_in_a_sample(classified: Here) -> None:
    assert run("evaluate", "-p", PROMPT, "--sample", "24").exit_code == 0
    _, *drawn = load_workbook(f"{PROMPT}_to_label.xlsx").worksheets[0].iter_rows(values_only=True)
    chosen = [str(row[1]) for row in drawn if row[3] == "category"]
    assert len(chosen) == 6
    assert [sum(word in text for text in chosen) for word in ("charge", "flight", "number")] == [2, 2, 2]
    assert sum(row[3] == "uncertain" for row in drawn) == 6


def test_a_workbook_with_labels_is_not_overwritten(classified: Here) -> None:
    Path("mine.xlsx").write_bytes(b"labels")
    assert "may hold labels" in told(run("evaluate", "-p", PROMPT, "--sample", "5", "-o", "mine.xlsx"))
    assert Path("mine.xlsx").read_bytes() == b"labels"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--sample", "5"], "Nothing is classified"),
        (["--sample", "0"], "from 1 to 5,000"),
        (["--sample", "5", "-o", "labels.csv"], "must end in .xlsx"),
        ([], "Give either --labels"),
    ],
)
def test_samples_that_cannot_be(here: Here, arguments: list[str], part: str) -> None:
    assert part in told(run("evaluate", "-p", PROMPT, *arguments))
    assert here.state() == {}
