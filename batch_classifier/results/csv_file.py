"""Results as CSV after RFC 4180: UTF-8 with a byte-order mark, so that Excel reads other scripts, and LF line ends."""

import codecs
import csv
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from batch_classifier.results.columns import ResultColumns
from batch_classifier.results.formulas import guarded, guarded_array

if TYPE_CHECKING:
    import pyarrow as pa


def write_csv(rows: "Iterable[pa.RecordBatch]", columns: ResultColumns, file: BinaryIO) -> int:
    """Write the rows and return their number; see `write_results` in `results/formats.py`.

    A sign that a program might begin a formula with gets a `'` before it, also inside a text (see `formulas`). To have the texts
    as they were, take the JSON file: a `'` of ours cannot be told from one that was there. NUL characters are left out, because many readers take
    them for the end of a text; all other characters and line breaks stay. Every text is quoted; null is an empty
    field without quotes.
    """
    import pyarrow as pa
    from pyarrow.csv import CSVWriter, WriteOptions

    file.write(codecs.BOM_UTF8 + _header(columns.names))
    places = [str(place) for place in range(len(columns.names))]
    # The names are only places: the header is written above, because Arrow cannot have a name twice or quote as we do.
    schema = pa.schema(list(zip(places, columns.types, strict=True)))
    written = 0
    options = WriteOptions(include_header=False, quoting_style="needed")
    with CSVWriter(pa.PythonFile(file, mode="w"), schema, write_options=options) as writer:
        for batch in rows:
            cells = [_harmless(array) if pa.types.is_string(array.type) else array for array in columns.arrays(batch)]
            writer.write_batch(pa.RecordBatch.from_arrays(cells, schema=schema))
            written += batch.num_rows
    return written


def _header(names: Iterable[str]) -> bytes:
    line = io.StringIO()
    cells = (name.replace("\0", "") for name in names)
    # Left to itself, Python 3.11 would not quote a carriage return.
    writer = csv.writer(line, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([guarded(cell) for cell in cells])
    return line.getvalue().encode()


def _harmless(texts: "pa.Array") -> "pa.Array":
    import pyarrow.compute as pc

    # As a regular expression it is found ten times as fast as with match_substring.
    if pc.any(pc.match_substring_regex(texts, r"\x00")).as_py():
        texts = pc.replace_substring(texts, "\0", "")
    return guarded_array(texts)
