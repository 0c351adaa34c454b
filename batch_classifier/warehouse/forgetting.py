"""Which rows of a prompt's tables are to be forgotten, and whose texts go with them: in SQL that DuckDB and Athena both take."""

from dataclasses import dataclass, field

from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier.warehouse.wanted import TABLES_WITH_TEXTS, KeyKind, Wanted


@dataclass(frozen=True)
class FoundRow:
    """A row that is to be forgotten."""

    request_file: str
    row_number: int
    record_id: str
    text_id: str | None


@dataclass
class FoundRows:
    """The rows of one prompt that are to be forgotten.

    Attributes:
        rows: each row of a request file once, in whichever tables it stands; not listed where a whole file goes.
        request_files: the files that they stand in.
        counts: rows by table.
        text_ids: the texts that no other row needs any more; with `--text-like` all texts of the rows.
    """

    rows: list[FoundRow] = field(default_factory=list)
    request_files: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    text_ids: set[str] = field(default_factory=set)

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
    if wanted.kind is not KeyKind.TEXT_LIKE and found.text_ids:
        with warehouse.stream(prompt, _needed_texts(warehouse, prompt, wanted)) as batches:
            found.text_ids -= {text_id for batch in batches for text_id in batch["text_id"].to_pylist()}
    return found


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
        for table in TABLES_WITH_TEXTS
    )
    return f"select distinct text_id from {requests} where not {condition} and text_id in ({wanted_texts})"
