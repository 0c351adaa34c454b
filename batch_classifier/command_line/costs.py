"""`batch-classifier costs`: the bill, and what each way of saving spared."""

from dataclasses import asdict
from typing import Any

import orjson

from batch_classifier.answers.costs import By, CostReport, Costs, costs
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.wording import counted

_SAVED = {
    "deduplication": "duplicates",
    "earlier_answers": "earlier answers",
    "batch": "batch",
    "packing": "packing",
    "cascade": "cascade",
}
# A rounding of sums of floating point numbers is no saving.
_NOTHING = 5e-7


def show_costs(prompt: str | None, by: By, as_json: bool) -> int:
    """Print what was spent for one prompt, or for all; raises ClassifierError for a prompt that nobody knows."""
    settings = load_settings()
    warehouse = open_warehouse(settings)
    known = warehouse.prompts()
    if prompt is not None and prompt not in known:
        # A prompt whose file is gone may have a bill; one that never had any is a mistake.
        load_prompts(settings.prompts).get(prompt)
        known = []
    report = costs(warehouse, [prompt] if prompt in known and prompt is not None else known, by)
    if as_json:
        print(orjson.dumps(_as_json(report), option=orjson.OPT_INDENT_2).decode())
        return 0
    if report.total == Costs("total"):
        say("Nothing was charged for so far; what the local engine answers costs nothing.")
        return 0
    _print(report)
    return 0


def _print(report: CostReport) -> None:
    lines = [*report.lines, report.total]
    asked = "rows" if report.by is By.CATEGORY else "texts"
    print_table(
        [str(report.by), "jobs", asked, "tokens read", "written", "USD", "estimate off by"],
        [
            [
                line.name,
                "" if report.by is By.CATEGORY and line is not report.total else f"{line.jobs:,}",
                "" if report.by is By.CATEGORY and line is report.total else f"{line.texts:,}",
                f"{line.input_tokens:,}",
                f"{line.output_tokens:,}",
                f"{line.cost_usd:,.4f}",
                "" if line.estimate_error is None else f"{line.estimate_error:+z.1%}",
            ]
            for line in lines
        ],
        numbers=["jobs", asked, "tokens read", "written", "USD", "estimate off by"],
    )
    say("", "Saved, in USD:")
    print_table(
        [str(report.by), *_SAVED.values()],
        [[line.name, *(_usd(getattr(line.saved, name)) for name in _SAVED)] for line in lines],
        numbers=list(_SAVED.values()),
    )
    if report.total.evaluations_usd:
        say("", f"Evaluations took {report.total.evaluations_usd:,.4f} USD of it.")
    if report.total.jobs_without_price:
        say(
            "",
            f"{counted(report.total.jobs_without_price, 'job')} of a model without a known price: their tokens are in it, their cost is not; "
            "give model.price in the prompt, or name the model in a price file.",
        )


def _usd(amount: float) -> str:
    return "" if abs(amount) < _NOTHING else f"{amount:,.4f}"


def _as_json(report: CostReport) -> dict[str, Any]:
    return {
        "by": report.by,
        "lines": [_line(line) for line in report.lines],
        "total": _line(report.total),
    }


def _line(line: Costs) -> dict[str, Any]:
    return asdict(line) | {"estimate_error": line.estimate_error}


def by_of(word: str) -> By:
    """What lines stand for; raises ClassifierError for another word."""
    if word not in set(By):
        raise ClassifierError(f"--by is {word!r}; it can be {', '.join(By)}.")
    return By(word)
