"""A project with labelled rows whose model is scripted, for `batch-classifier evaluate`."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml
from typer.testing import Result

from batch_classifier.inference.prices import Price
from batch_classifier.warehouse.tables import BILL, TABLES
from batch_classifier_tests.support.command_line import run
from batch_classifier_tests.support.prompt_content import PROMPT, prompt_content
from batch_classifier_tests.support.request_files import file_of
from batch_classifier_tests.support.scripted_inference import ScriptedInference

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
    """Labelled rows of these texts."""
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
