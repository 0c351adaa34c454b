"""Which rows of a prompt's tables are to be forgotten, and whose texts go with them: in SQL that DuckDB and Athena both take."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CORRECTIONS, RAW_REQUESTS
from batch_classifier.warehouse.wanted import TABLES_WITH_TEXTS, KeyKind, Wanted


@dataclass(frozen=True)
class FoundRow:
    """A row that is to be forgotten."""

    request_file: str
    row_number: int
    record_id: str
    text_id: str | None


@dataclass(frozen=True)
class FoundCorrection:
    """A correction that is concerned: it goes with its text, or stays without what it says of a record (`is_deleted` False)."""

    correction_set: str
    number: int
    is_deleted: bool


# What a correction that stays loses.
OF_THE_RECORD = ("record_id", "request_file", "why", "source")


@dataclass
class FoundRows:
    """The rows of one prompt that are to be forgotten.

    Attributes:
        rows: each row of a request file once, in whichever tables it stands; not listed where a whole file goes.
        request_files: the files that they stand in.
        counts: rows by table.
        text_ids: the texts that no other row needs any more; with `--text-like` all texts of the rows.
        corrections: those of these texts, and those that came by a wanted record.
    """

    rows: list[FoundRow] = field(default_factory=list)
    request_files: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    text_ids: set[str] = field(default_factory=set)
    corrections: list[FoundCorrection] = field(default_factory=list)

    def record_ids(self, request_file: str) -> set[str]:
        """The ids of the records of one file."""
        return {row.record_id for row in self.rows if row.request_file == request_file}


def find_rows(warehouse: Warehouse, prompt: str, wanted: Wanted) -> FoundRows:
    """Look the rows up; what is read of them are ids, no texts."""
    found = FoundRows()
    rows = _rows(warehouse, prompt, wanted)
    for table in TABLES_WITH_TEXTS:
        sql = f"select count(*) as found from {warehouse.name(prompt, table)} where {wanted.condition(table)}"
        found.counts[table.name] = warehouse.query(prompt, sql)[0]["found"]
    if wanted.kind is KeyKind.FILE:
        # It may have a million rows: only the ids of its texts are asked for.
        sql = f"select distinct text_id from ({rows}) as found_rows where text_id is not null"
        with warehouse.stream(prompt, sql) as batches:
            found.text_ids = {text_id for batch in batches for text_id in batch["text_id"].to_pylist()}
        found.request_files = [wanted.value] if any(found.counts.values()) else []
    else:
        with warehouse.stream(prompt, rows) as batches:
            found.rows = [FoundRow(**row) for batch in batches for row in batch.to_pylist()]
        found.text_ids = {row.text_id for row in found.rows if row.text_id is not None}
        found.request_files = sorted({row.request_file for row in found.rows})
    said = _corrections(warehouse, prompt, wanted)
    found.text_ids |= {one["text_id"] for one in said if one["is_text_wanted"]}
    if wanted.kind is not KeyKind.TEXT_LIKE and found.text_ids:
        with warehouse.stream(prompt, _needed_texts(warehouse, prompt, wanted)) as batches:
            found.text_ids -= {text_id for batch in batches for text_id in batch["text_id"].to_pylist()}
    of_texts = _of_texts(warehouse, prompt, found.text_ids)
    found.corrections = [
        FoundCorrection(correction_set, number, is_deleted=(correction_set, number) in of_texts)
        for correction_set, number in sorted({(one["correction_set"], one["number"]) for one in said} | of_texts)
    ]
    found.counts[CORRECTIONS.name] = len(found.corrections)
    return found


def _corrections(warehouse: Warehouse, prompt: str, wanted: Wanted) -> list[dict[str, Any]]:
    """The corrections that came by a wanted record or hold the wanted words, and whether it is their text that is wanted."""
    is_text = "true"
    if wanted.kind is KeyKind.TEXT_LIKE:
        # Words in a reason are no cause to forget the text that it is about.
        is_text = wanted.text_condition(CORRECTIONS, "input_text")
    sql = f"""
        select correction_set, number, text_id, {is_text} as is_text_wanted from {warehouse.name(prompt, CORRECTIONS)}
        where {wanted.condition(CORRECTIONS)}
    """
    return warehouse.query(prompt, sql)


def _of_texts(warehouse: Warehouse, prompt: str, text_ids: Collection[str]) -> set[tuple[str, int]]:
    """The places of all corrections of these texts."""
    if not text_ids:
        return set()
    sql = f"select correction_set, number, text_id from {warehouse.name(prompt, CORRECTIONS)}"
    with warehouse.stream(prompt, sql) as batches:
        return {
            (row["correction_set"], row["number"])
            for batch in batches
            for row in batch.to_pylist()
            if row["text_id"] in text_ids
        }


def _rows(warehouse: Warehouse, prompt: str, wanted: Wanted) -> str:
    return " union ".join(
        f"select request_file, row_number, record_id, text_id from {warehouse.name(prompt, table)} "
        f"where {wanted.condition(table)}"
        for table in TABLES_WITH_TEXTS
    )


def _needed_texts(warehouse: Warehouse, prompt: str, wanted: Wanted) -> str:
    """The texts of wanted rows that other rows have as well."""
    requests, condition = warehouse.name(prompt, RAW_REQUESTS), wanted.condition(RAW_REQUESTS)
    wanted_texts = " union ".join(
        f"select text_id from {warehouse.name(prompt, table)} where {wanted.condition(table)} and text_id is not null"
        for table in (*TABLES_WITH_TEXTS, CORRECTIONS)
    )
    return f"select distinct text_id from {requests} where not {condition} and text_id in ({wanted_texts})"
