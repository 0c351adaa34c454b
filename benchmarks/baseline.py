"""What the pipeline is compared with: the plain way with csv and json, one dictionary a row and everything in lists.

It keeps no tables, checks nothing and forgets a malformed answer: less work than the pipeline does.
"""

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

from batch_classifier.inference.bedrock.model_requests import model_input
from batch_classifier.inference.questions import question
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt

_ANSWER = re.compile(r"<class>(.*?)</class>\s*<rationale>(.*?)</rationale>", re.DOTALL)


def rows_to_jsonl(source: Path, target: Path, prompt: Prompt) -> None:
    """Read a request file (CSV, JSON or XLSX) and write one record a row."""
    records = [
        {"recordId": str(number), "modelInput": model_input(prompt, question(str(row["conversation"])))}
        for number, row in enumerate(_read(source))
    ]
    lines = [json.dumps(record, ensure_ascii=False) for record in records]
    target.write_text("\n".join(lines), encoding="utf-8")


def answers_to_csv(source: Path, answers: list[Path], target: Path) -> None:
    """Read a request file and files of answers, and write the rows with their class and reason."""
    lines = [line for path in answers for line in path.read_text(encoding="utf-8").split("\n") if line]
    found: dict[str, dict[str, str]] = {}
    for record in map(json.loads, lines):
        match = _ANSWER.search(record["modelOutput"]["content"][0]["text"])
        found[record["recordId"]] = {"class": match[1], "rationale": match[2]} if match else {}
    rows = [row | found.get(text_id(str(row["conversation"])), {}) for row in _read(source)]
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), restval="")
        writer.writeheader()
        writer.writerows(rows)


def copy(sources: list[Path], target: Path) -> None:
    """Copy the same bytes: what no program that reads and writes them can go below."""
    for number, source in enumerate(sources):
        shutil.copyfile(source, target.with_name(f"{target.name}.{number}"))


def _read(source: Path) -> list[dict[str, Any]]:
    if source.suffix == ".json":
        rows: list[dict[str, Any]] = json.loads(source.read_text(encoding="utf-8"))
        return rows
    if source.suffix == ".xlsx":
        from openpyxl import load_workbook

        header, *cells = list(load_workbook(source, read_only=True).active.iter_rows(values_only=True))
        return [dict(zip(header, row, strict=True)) for row in cells]
    with source.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
