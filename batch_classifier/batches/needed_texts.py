"""The texts that a request file still needs answers to: a set that may outgrow memory, so it is kept in a scratch database."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.batches.estimate import Volume
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.record_batches import ROWS_AT_ONCE
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import text_ids_key
from batch_classifier.storage.text_ids import read_text_ids
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.scratch import load, one_number, scratch_database
from batch_classifier.warehouse.tables import RAW_REQUESTS

IDS = pa.schema([("text_id", pa.string())])
PLACES = ["row_number", "text_id", "text_bytes"]
_LENGTHS = pa.schema([("row_number", pa.int64()), ("text_bytes", pa.int64())])


class NeededTexts:
    """Each distinct text once: its id, the first row that has it, and its bytes. The texts themselves stay in raw_requests.

    Attributes:
        scratch: the connection to the scratch database; the table `needed` is this set.
    """

    def __init__(self, scratch: duckdb.DuckDBPyConnection, requests: Iterable[pa.RecordBatch]) -> None:
        """`requests`: rows of raw_requests with row_number, text_id and text_bytes."""
        self.scratch = scratch
        schema = pa.schema([RAW_REQUESTS.schema.field(column) for column in PLACES])
        load(scratch, "requests", schema, requests)
        scratch.execute(
            "create table needed as select text_id, min(row_number) as row_number, "
            "arg_min(text_bytes, row_number) as text_bytes, count(*) as requests from requests where text_id is not null "
            "group by text_id"
        )
        scratch.execute("drop table requests")
        load(scratch, "to_ask_again", IDS, ())

    def __len__(self) -> int:
        """How many texts there are."""
        return one_number(self.scratch, "select count(*) from needed")

    def ask_again(self, ids: Iterable[pa.RecordBatch]) -> None:
        """Keep these ids when a batch that holds them is left out: its answer to them is known to be none."""
        load(self.scratch, "to_ask_again", IDS, ids)

    def count(self, ids: Iterable[pa.RecordBatch]) -> int:
        """How many of these ids are needed; none is taken away."""
        self.scratch.execute("drop table if exists counted")
        load(self.scratch, "counted", IDS, ids)
        return one_number(self.scratch, "select count(*) from needed where text_id in (select text_id from counted)")

    def leave_out(self, ids: Iterable[pa.RecordBatch]) -> int:
        """Take away these ids, but for those to be asked again; returns how many were needed."""
        before = len(self)
        self.scratch.execute("drop table if exists left_out")
        load(self.scratch, "left_out", IDS, ids)
        self.scratch.execute(
            "delete from needed where text_id in (select text_id from left_out) "
            "and text_id not in (select text_id from to_ask_again)"
        )
        return before - len(self)

    def keep_only(self, ids: Iterable[pa.RecordBatch]) -> None:
        """Take away all but these ids."""
        self.scratch.execute("drop table if exists kept")
        load(self.scratch, "kept", IDS, ids)
        self.scratch.execute("delete from needed where text_id not in (select text_id from kept)")

    def ids(self) -> Iterator[pa.Array]:
        """The ids that are needed; nothing else is to be asked of this set meanwhile."""
        for rows in self.scratch.sql("select text_id from needed").to_arrow_reader(ROWS_AT_ONCE):
            yield rows["text_id"]

    def has_unknown_lengths(self) -> bool:
        """Whether there are rows that were written when raw_requests had no text_bytes."""
        return one_number(self.scratch, "select count(*) from needed where text_bytes is null") > 0

    def add_lengths(self, texts: Iterable[pa.RecordBatch]) -> None:
        """Fill in the lengths from the texts themselves, rows of raw_requests with row_number and text."""
        lengths = (
            pa.record_batch(
                [rows["row_number"], pc.binary_length(rows["text"]).cast(pa.int64())],
                schema=_LENGTHS,
            )
            for rows in texts
        )
        load(self.scratch, "lengths", _LENGTHS, lengths)
        self.scratch.execute(
            "update needed set text_bytes = lengths.text_bytes from lengths where needed.row_number = lengths.row_number"
        )

    def bytes(self) -> int:
        """The texts' bytes, all together."""
        return one_number(self.scratch, "select sum(text_bytes) from needed")

    def volume(self) -> Volume:
        """How much it is, as texts and as requests; lengths that are not known count as nothing."""
        # Fetched whole: until then nothing else can be asked of this connection.
        ((*sums,),) = self.scratch.execute(
            "select count(*), coalesce(sum(text_bytes), 0), coalesce(sum(requests), 0), "
            "coalesce(sum(requests * text_bytes), 0) from needed"
        ).fetchall()
        return Volume(*map(int, sums))

    def row_numbers(self) -> Iterator[pa.Array]:
        """The rows whose texts are needed, in the order of the file."""
        numbers = self.scratch.sql("select row_number from needed order by row_number")
        for rows in numbers.to_arrow_reader(ROWS_AT_ONCE):
            yield rows["row_number"]


@contextmanager
def texts_of_file(warehouse: Warehouse, prompt: Prompt, request_file: str) -> Iterator[NeededTexts]:
    """All distinct texts of a request file, in a scratch database that is gone at the end of the `with`."""
    with scratch_database() as scratch:
        with warehouse.read(prompt.name, RAW_REQUESTS, request_file, PLACES) as rows:
            needed = NeededTexts(scratch, rows)
        yield needed


def ids_of_batch(internal: Folder, prompt: Prompt, batch: str) -> Iterator[pa.RecordBatch]:
    """The ids of a batch's texts."""
    for piece in read_text_ids(internal, text_ids_key(prompt, batch)):
        yield pa.record_batch([piece], schema=IDS)
