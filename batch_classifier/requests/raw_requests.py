"""The asset raw_requests: the rows of a request file as requests, with record id, text, expected class, and what is wrong."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.errors import UnreadableFile
from batch_classifier.language.text_id import text_ids
from batch_classifier.limits import Limits
from batch_classifier.notes.forgotten import NOTHING, Forgotten, forgotten_of
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.column_names import LONGEST_NAME, looks_like_data, some_names
from batch_classifier.requests.masked_cells import MaskedCells
from batch_classifier.requests.own_columns import OwnColumns
from batch_classifier.requests.readers.formats import Rows, columns_may_come_late, has_header_row, read_rows
from batch_classifier.requests.request_files import input_key
from batch_classifier.requests.text_dates import TextDates
from batch_classifier.storage.folder import Folder, StoredFile
from batch_classifier.warehouse.record_scope import RecordScope
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier.wording import fit_line

NO_TEXT = "has no text"
WAS_FORGOTTEN = "was forgotten by `batch-classifier forget`"


@dataclass
class RawRequests:
    """Makes the rows of `raw_requests` for one request file. Iterate it once.

    Raises ClassifierError for a file that is not there, or that cannot be read; in the last case after the rows before that.

    Attributes:
        limits: how large the file and its cells may be.
        kept: the folder of the marks of what was forgotten; such rows stay, without what they say.
        on_progress: is told how many rows are read.
        file: the file as it was found before it was read; None where there was none.
        requests: what was counted on the way.
    """

    prompt: Prompt
    request_file: str
    customer_folder: Folder
    limits: Limits
    on_progress: Callable[[int], None] = lambda _done: None
    kept: Folder | None = None
    file: StoredFile | None = field(init=False)
    requests: "Requests" = field(init=False)

    def __post_init__(self) -> None:
        self.file = self.customer_folder.find(self._key)
        forgotten = NOTHING if self.kept is None else forgotten_of(self.kept, self.prompt.name, self.request_file)
        self.requests = Requests((), self.prompt, self.request_file, forgotten)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        with self.customer_folder.read(self._key) as file:
            self.requests.rows = read_rows(file, self.request_file, self.limits)
            for rows in self.requests:
                yield rows
                self.on_progress(self.requests.total)

    @property
    def uri(self) -> str:
        """Where the file is."""
        return self.customer_folder.uri_of(self._key)

    @property
    def _key(self) -> str:
        return input_key(self.prompt.name, self.request_file)


@dataclass
class Requests:
    """Reads requests as record batches of the table `raw_requests`, and counts on the way.

    Iterate it once. Raises UnreadableFile when the text column is missing, or what the reader raises.
    """

    rows: Iterable[Rows]
    prompt: Prompt
    request_file: str
    forgotten: Forgotten = NOTHING
    total: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    labelled: int = 0
    columns: OwnColumns = field(default_factory=OwnColumns)
    masked: MaskedCells = field(init=False)
    dates: TextDates = field(init=False)

    def __post_init__(self) -> None:
        self.masked = MaskedCells(self.prompt.redact)
        self.dates = TextDates(self.prompt.input.date, self.prompt.input.date_order)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        columns: dict[str, None] = {}
        any_text_column = False
        for rows in self.rows:
            names = rows.cells.schema.names
            text_column = find_column(names, self.prompt.input.text)
            if text_column is not None:
                any_text_column = True
            else:
                columns.update(dict.fromkeys(names))
                if not any_text_column and not columns_may_come_late(self.request_file):
                    break
            yield self._normalise(rows, text_column)
        if columns and not any_text_column:
            raise self._without_text_column(list(columns))

    def _without_text_column(self, names: list[str]) -> UnreadableFile:
        start = f"{self.request_file} has no column {self.prompt.input.text!r}"
        if has_header_row(self.request_file) and looks_like_data(names):
            # What stands there is nobody's name for a column, and may be a customer's text.
            return UnreadableFile(
                f"{start}; its first row looks like data and not like a header: put a row with the columns' names above it, "
                f"or change input.text of the prompt {self.prompt.name}."
            )
        return UnreadableFile(
            f"{start}; its columns are {some_names(names)}. "
            f"Rename one, or change input.text of the prompt {self.prompt.name}."
        )

    def _normalise(self, rows: Rows, text_column: str | None) -> pa.RecordBatch:
        size = rows.cells.num_rows
        names = rows.cells.schema.names
        id_column = find_column(names, self.prompt.input.id)
        label_column = find_column(names, self.prompt.input.label)
        nothing = pa.nulls(size, pa.string())
        masked = self.masked.texts(nothing if text_column is None else rows.cells.column(text_column))
        texts = masked.texts
        ids = text_ids(texts, self.prompt.same_text)
        without_text = NO_TEXT
        if text_column is None and rows.part is not None:
            without_text = (
                f"is on the sheet '{fit_line(rows.part, LONGEST_NAME)}', which has no column {self.prompt.input.text!r}"
            )
        missing = pc.if_else(pc.is_valid(ids), pa.scalar(None, pa.string()), pa.scalar(without_text, pa.string()))
        problems = pc.coalesce(rows.problems, masked.problems, missing)
        is_usable = pc.is_null(problems)
        # A row that was read wrong may have a text all the same, but nobody is to be asked about it.
        ids = pc.if_else(is_usable, ids, pa.scalar(None, pa.string()))
        lengths = pc.if_else(is_usable, pc.binary_length(texts), pa.scalar(None, pa.int32()))
        labels = nothing if label_column is None else _blank_as_null(rows.cells.column(label_column))
        # The date stays among the file's own columns as well: results show it as it was written.
        date_column = find_column(names, self.dates.column)
        dates = self.dates.of(rows.cells.column(date_column) if date_column in names else None, size)
        others = [name for name in names if name not in (text_column, id_column, label_column)]

        cells = self.masked.others(rows.cells, others)
        requests = pa.record_batch(
            [
                pa.repeat(pa.scalar(self.request_file, pa.string()), size),
                rows.row_numbers,
                self._record_ids(rows, id_column),
                texts,
                ids,
                labels,
                _attributes(cells, others) if self.columns.take_in(others) else self.columns.gathered(cells, others),
                problems,
                lengths.cast(pa.int64()),
                masked.redaction,
                masked.originals,
                self._record_scope(rows, id_column),
                dates.dates,
                dates.problems,
            ],
            schema=RAW_REQUESTS.schema,
        )
        if self.forgotten:
            requests = without_forgotten(requests, self.forgotten)
        self.total += size
        self.labelled += size - requests["expected_class"].null_count
        self._count(requests["problem"])
        return requests

    def _count(self, problems: pa.Array) -> None:
        if problems.null_count < len(problems):
            self.problems.update(problem for problem in problems.to_pylist() if problem)

    def _record_ids(self, rows: Rows, id_column: str | None) -> pa.Array:
        numbers = rows.row_numbers.cast(pa.string())
        if id_column is None:
            return numbers
        named = pc.binary_join_element_wise(pa.scalar("row", pa.string()), numbers, pa.scalar(" ", pa.string()))
        return pc.coalesce(_blank_as_null(rows.cells.column(id_column)), named)

    def _record_scope(self, rows: Rows, id_column: str | None) -> pa.Array:
        per_row = pa.scalar(str(RecordScope.PER_ROW), pa.string())
        if id_column is None:
            return pa.repeat(per_row, rows.cells.num_rows)
        of_ids = pa.scalar(self.prompt.input.ids, pa.string())
        return pc.if_else(pc.is_valid(_blank_as_null(rows.cells.column(id_column))), of_ids, per_row)


def without_forgotten(requests: pa.RecordBatch, forgotten: Forgotten) -> pa.RecordBatch:
    """The same rows; of those that were forgotten nothing is left but their number, and the problem that says why."""
    pairs = zip(requests["record_id"].to_pylist(), requests["text_id"].to_pylist(), strict=True)
    is_forgotten = pa.array([forgotten.covers(*pair) for pair in pairs], pa.bool_())
    if not is_forgotten.true_count:
        return requests
    left = {
        "request_file": requests["request_file"],
        "row_number": requests["row_number"],
        "record_id": requests["row_number"].cast(pa.string()),
        "attributes": pa.scalar("{}"),
        "problem": pa.scalar(WAS_FORGOTTEN),
        "record_scope": pa.scalar(str(RecordScope.PER_ROW)),
    }
    columns = [
        pc.if_else(is_forgotten, left.get(column.name, pa.scalar(None, column.type)), requests[column.name])
        for column in requests.schema
    ]
    return pa.record_batch(columns, schema=requests.schema)


def find_column(names: list[str], wanted: str | None) -> str | None:
    """The column a prompt means: by its exact name, else without regard to case and white space."""
    if wanted is None or wanted in names:
        return wanted
    folded = " ".join(wanted.casefold().split())
    return next((name for name in names if " ".join(name.casefold().split()) == folded), None)


def _blank_as_null(column: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, pa.scalar("", pa.string())), pa.scalar(None, pa.string()), trimmed)


def _attributes(cells: pa.RecordBatch, names: list[str]) -> pa.Array:
    """The columns of these names as JSON objects, without what is null."""
    if not names:
        return pa.repeat(pa.scalar("{}", pa.string()), cells.num_rows)
    rows = zip(*(cells.column(name).to_pylist() for name in names), strict=True)
    objects: Iterator[dict[str, str]] = (dict(zip(names, row, strict=True)) for row in rows)
    if any(cells.column(name).null_count for name in names):
        objects = ({name: value for name, value in row.items() if value is not None} for row in objects)
    return pa.array(map(orjson.dumps, objects), pa.string(), size=cells.num_rows)
