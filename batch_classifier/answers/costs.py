"""What was spent and what was spared, for people: lines by month, prompt, file or category, each with its savings, and a total."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from batch_classifier.warehouse.asked_for import AskedFor
from batch_classifier.warehouse.costs import answered, billed
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import BILL, CLASSIFICATIONS, CORRECTIONS

NO_ROW = "(in no row)"
NO_CLASS = "(no class)"
EVALUATIONS = "(evaluations)"


class By(StrEnum):
    """What a line stands for."""

    MONTH = "month"
    PROMPT = "prompt"
    FILE = "file"
    CATEGORY = "category"


@dataclass
class Saved:
    """USD that each way of saving spared; what one spared is reckoned with all the others in place."""

    deduplication: float = 0.0
    earlier_answers: float = 0.0
    batch: float = 0.0
    packing: float = 0.0
    cascade: float = 0.0


@dataclass
class Costs:
    """What was spent. Tokens are those that the service reported.

    Attributes:
        name: the month, prompt, file or category; for files and categories with their prompt.
        jobs: 0 for categories, which have parts of jobs.
        cost_usd: as far as prices are known: `jobs_without_price` says how many are not in it.
        estimated_cost_usd: what the estimates said before; 0 for categories.
        evaluations_usd: what of cost_usd evaluations took, whose texts stand in no row.
    """

    name: str
    jobs: int = 0
    texts: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    jobs_without_price: int = 0
    estimated_cost_usd: float = 0.0
    evaluations_usd: float = 0.0
    saved: Saved = field(default_factory=Saved)

    @property
    def estimate_error(self) -> float | None:
        """How far off the estimates were, positive where they were too high; None where there is nothing to compare."""
        if not self.cost_usd or not self.estimated_cost_usd or self.jobs_without_price:
            return None
        return (self.estimated_cost_usd - self.cost_usd) / self.cost_usd

    def add(self, row: Mapping[str, Any], sign: int = 1) -> None:
        """Count a row of a query of the bill, or of what the rows took."""
        for one in fields(self):
            if one.name not in ("name", "saved") and one.name in row:
                kind = float if one.name.endswith("usd") else int
                setattr(self, one.name, getattr(self, one.name) + sign * kind(row[one.name]))
        self.add_savings(row, *(one.name for one in fields(Saved)), sign=sign)

    def add_savings(self, row: Mapping[str, Any], *names: str, sign: int = 1) -> None:
        """Count some of a row's savings."""
        for name in names:
            if (column := f"saved_by_{name}_usd") in row:
                setattr(self.saved, name, getattr(self.saved, name) + sign * float(row[column]))


@dataclass(frozen=True)
class CostReport:
    """The lines, and all of them together: its tokens and USD are those of the bill, whatever the lines stand for."""

    by: By
    lines: Sequence[Costs]
    total: Costs


def costs(warehouse: Warehouse, prompts: Iterable[str], by: By) -> CostReport:
    """What was spent for these prompts; raises ClassifierError where the tables cannot be read."""
    lines: dict[str, Costs] = {}
    total = Costs("total")
    for prompt in prompts:
        for line in _of_prompt(warehouse, prompt, by, total):
            known = lines.setdefault(line.name, Costs(line.name))
            known.add(_as_row(line))
    found = [line for line in lines.values() if line != Costs(line.name)]
    order = sorted(found, key=lambda line: line.name) if by is By.MONTH else sorted(found, key=_largest_first)
    return CostReport(by, order, total)


def _largest_first(line: Costs) -> tuple[float, str]:
    return -line.cost_usd, line.name


def _of_prompt(warehouse: Warehouse, prompt: str, by: By, total: Costs) -> Iterator[Costs]:
    names = [warehouse.name(prompt, table) for table in (CLASSIFICATIONS, CORRECTIONS, BILL)]
    paid = [
        _named(row, "request_file", "month", "asked_for")
        for row in warehouse.query(prompt, billed(names[2], "request_file", "month", "asked_for"))
    ]
    for row in paid:
        row["evaluations_usd"] = row["cost_usd"] if row["asked_for"] == AskedFor.EVALUATION else 0.0
    rows = [
        _named(row, "request_file", "month", "class")
        for row in warehouse.query(
            prompt,
            answered(*names, "request_file", "month", "class", day=warehouse.dialect.day("answered.answered_at")),
        )
    ]
    of_prompt = Costs(prompt)
    for row in paid:
        of_prompt.add(row)
    for row in rows:
        of_prompt.add_savings(row, *_BY_ROWS)
    total.add(_as_row(of_prompt))
    if by is By.PROMPT:
        yield of_prompt
    elif by is By.CATEGORY:
        yield from _of_categories(prompt, paid, rows, of_prompt)
    else:
        column = "month" if by is By.MONTH else "request_file"
        yield from _of_jobs(prompt, column, paid, rows)


_BY_ROWS = ("deduplication", "earlier_answers", "cascade")


def _of_jobs(
    prompt: str, column: str, paid: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]]
) -> Iterator[Costs]:
    """A line for each month or file, from the bill; what the rows spared is added."""
    lines: dict[str, Costs] = {}
    for source, row in [*(("bill", row) for row in paid), *(("rows", row) for row in rows)]:
        # Rows that no job of a bill answered spared nothing.
        if row[column] is None:
            continue
        name = row[column] if column == "month" else f"{prompt}/{row[column]}"
        line = lines.setdefault(name, Costs(name))
        if source == "bill":
            line.add(row)
        else:
            line.add_savings(row, *_BY_ROWS)
    yield from lines.values()


# A category has parts of jobs, and its texts are rows.
_NOT_OF_CATEGORIES = {"jobs": 0, "texts": 0, "estimated_cost_usd": 0.0}


def _of_categories(
    prompt: str, paid: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], of_prompt: Costs
) -> Iterator[Costs]:
    """A line for each class, from the rows; what the bill has beyond them stands in lines of their own."""
    rest, evaluations = Costs(f"{prompt}: {NO_ROW}"), Costs(f"{prompt}: {EVALUATIONS}")
    rest.add(_as_row(of_prompt) | _NOT_OF_CATEGORIES)
    for row in paid:
        if row["asked_for"] == AskedFor.EVALUATION:
            of_evaluation = {**row, **_NOT_OF_CATEGORIES}
            evaluations.add(of_evaluation)
            rest.add(of_evaluation, sign=-1)
    lines: dict[str, Costs] = {}
    for row in rows:
        name = f"{prompt}: {row['class'] or NO_CLASS}"
        line = lines.setdefault(name, Costs(name))
        counted = {**row, "texts": row["requests"]}
        line.add(counted)
        rest.add({key: value for key, value in row.items() if key != "requests"}, sign=-1)
    yield from lines.values()
    for line in (evaluations, rest):
        if line.input_tokens or line.output_tokens:
            yield line


def _named(row: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: row[key] for key in keys} | {key: value or 0 for key, value in row.items() if key not in keys}


def _as_row(line: Costs) -> dict[str, Any]:
    saved = {f"saved_by_{one.name}_usd": getattr(line.saved, one.name) for one in fields(Saved)}
    return {one.name: getattr(line, one.name) for one in fields(line) if one.name not in ("name", "saved")} | saved
