"""Which texts the rows of an imported file are about: found by text id, or by record id and request file, in a scratch database."""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from batch_classifier.corrections.imported_rows import ROWS_SCHEMA
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.formats import FORMATS
from batch_classifier.results.result_key import names_of_results
from batch_classifier.warehouse.corrections import holding_corrections
from batch_classifier.warehouse.duckdb_stream import record_batches
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.scratch import load
from batch_classifier.warehouse.tables import CLASSIFICATIONS

_ANSWERED = ("request_file", "row_number", "record_id", "text_id", "class")
_ANSWERED_SCHEMA = pa.schema([CLASSIFICATIONS.schema.field(name).remove_metadata() for name in _ANSWERED])
_HELD_SCHEMA = pa.schema([("text_id", pa.string()), ("new_class", pa.string())])


@dataclass(frozen=True)
class Candidate:
    """A text that a row may be about, with one of the records that have it.

    Attributes:
        model_class: what the model said.
        held_class: what a correction says; None where none holds.
    """

    request_file: str
    record_id: str
    text_id: str | None
    model_class: str | None
    held_class: str | None

    @property
    def class_now(self) -> str | None:
        """The class that holds."""
        return self.held_class or self.model_class


@dataclass(frozen=True)
class MatchedRow:
    """A row of an imported file with the texts that it may be about, each once.

    Attributes:
        line: its number in the file, as its reader counts.
        class_name: the class that stands there; None where the cell is blank.
        told_model_class: what the file says that the model said.
        content, length, is_cut: what tells its text apart (see `imported_rows`).
        problem: what its reader says is wrong with it.
    """

    line: int
    id: str | None
    text_id: str | None
    request_file: str | None
    class_name: str | None
    told_model_class: str | None
    why: str | None
    content: str | None
    length: int | None
    is_cut: bool
    problem: str | None
    candidates: tuple[Candidate, ...]


def match(
    scratch: duckdb.DuckDBPyConnection,
    warehouse: Warehouse,
    prompt: Prompt,
    rows: Iterable[pa.RecordBatch],
    file_name: str,
    request_file: str | None,
) -> Iterator[MatchedRow]:
    """Match the rows, in their order.

    `request_file` is the file that the ids stand in, where somebody has said so. Else a row's own column says it, or
    `file_name`, if it is that of the result file of one request file alone; else the ids are looked for in all of them.
    """
    load(scratch, "imported", ROWS_SCHEMA, rows)
    table = warehouse.name(prompt.name, CLASSIFICATIONS)
    columns = ", ".join(f'"{name}"' for name in _ANSWERED)
    with warehouse.stream(prompt.name, f"select {columns} from {table}") as answered:
        load(scratch, "answered", _ANSWERED_SCHEMA, (batch.select(_ANSWERED) for batch in answered))
    held = f"select text_id, new_class from ({holding_corrections(warehouse, prompt)}) as held"
    with warehouse.stream(prompt.name, held) as corrections:
        load(scratch, "held", _HELD_SCHEMA, corrections)
    file = request_file or _file_of_results(scratch, prompt, file_name)
    scratch.execute("update imported set request_file = coalesce(request_file, ?)", [file])
    of_file = "(imported.request_file is null or imported.request_file = answered.request_file)"
    ways = [
        "imported.text_id = answered.text_id",
        f"imported.id = answered.record_id and {of_file}",
        f"imported.other_id = answered.record_id and {of_file}",
    ]
    scratch.execute("create table found (line bigint, request_file varchar, row_number bigint)")
    for way in ways:
        scratch.execute(
            f"""insert into found select line, answered.request_file, row_number from imported join answered on {way}
            where line not in (select line from found)"""
        )
    sql = """
        select imported.*, answered.request_file as file, answered.record_id, answered.text_id as found_text_id,
            answered."class" as model_class_now, held.new_class as held_class, row_number is not null as is_found
        from imported left join found using (line)
            left join answered on found.request_file = answered.request_file and found.row_number = answered.row_number
            left join held on answered.text_id = held.text_id
        order by line, answered.request_file, answered.row_number
    """
    sql = sql.replace("row_number is not null", "found.row_number is not null")
    found = (row for batch in record_batches(scratch, sql, is_ordered=True) for row in batch.to_pylist())
    for _, group in itertools.groupby(found, key=lambda row: row["line"]):
        yield _matched(list(group))


def _matched(group: list[dict[str, Any]]) -> MatchedRow:
    first = group[0]
    candidates: dict[str | None, Candidate] = {}
    for row in group:
        if row["is_found"]:
            candidates.setdefault(
                row["found_text_id"],
                Candidate(
                    row["file"], row["record_id"], row["found_text_id"], row["model_class_now"], row["held_class"]
                ),
            )
    return MatchedRow(
        line=first["line"],
        id=first["id"],
        text_id=first["text_id"],
        request_file=first["request_file"],
        class_name=first["class"],
        told_model_class=first["model_class"],
        why=first["why"],
        content=first["content"],
        length=first["length"],
        is_cut=first["is_cut"],
        problem=first["problem"],
        candidates=tuple(candidates.values()),
    )


def _file_of_results(scratch: duckdb.DuckDBPyConnection, prompt: Prompt, file_name: str) -> str | None:
    """The request file whose results are called like this, where there is only one."""
    files = scratch.execute("select distinct request_file from answered").fetchall()
    named = [
        file
        for (file,) in files
        if file_name in {name.rpartition("/")[2] for name in names_of_results(prompt.name, file, FORMATS)}
    ]
    return named[0] if len(named) == 1 else None
