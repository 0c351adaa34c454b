"""The texts that go into batches, as record batches of ids and texts: out of raw_requests, or back out of a batch."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.inference.record_form import RecordForms
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import batch_folder, batch_key, record_texts_key
from batch_classifier.storage.record_texts import read_record_texts

TEXTS = pa.schema([("text_id", pa.string()), ("text", pa.string())])


def chosen_texts(requests: Iterable[pa.RecordBatch], row_numbers: Iterable[pa.Array]) -> Iterator[pa.RecordBatch]:
    """The texts of some rows, in the order of the file.

    Args:
        requests: rows of raw_requests with row_number, text_id and text, in the order of the file.
        row_numbers: the rows that are wanted, in the same order.

    Raises:
        RuntimeError: the rows do not come in the order of the file, or not all are there. A batch made of them would have
            another name than the last time, and its texts would be paid for twice.
    """
    coming = iter(row_numbers)
    wanted = pa.array([], pa.int64())
    for rows in requests:
        while len(wanted) < rows.num_rows and (more := next(coming, None)) is not None:
            wanted = pa.concat_arrays([wanted, more])
        # Of so many rows no more can be wanted.
        next_ones = wanted.slice(0, rows.num_rows)
        # Most often all of them are, and then nothing has to be copied.
        all_wanted = rows["row_number"].equals(next_ones)
        some = rows if all_wanted else rows.filter(pc.is_in(rows["row_number"], value_set=next_ones))
        if not some["row_number"].equals(wanted.slice(0, some.num_rows)):
            raise RuntimeError("The rows of raw_requests do not come in the order of the request file.")
        wanted = wanted.slice(some.num_rows)
        if some.num_rows:
            yield pa.record_batch([some["text_id"], some["text"]], schema=TEXTS)
    if len(wanted) or next(coming, None) is not None:
        raise RuntimeError("Rows of raw_requests are missing, or do not come in the order of the request file.")


def texts_of_batch(folder: Folder, prompt: Prompt, batch: str, forms: RecordForms) -> Iterator[pa.RecordBatch]:
    """The texts of a batch that is too small to be sent, as they stand in it; there are a few at most, and they may be long."""
    record_texts = read_record_texts(folder, record_texts_key(batch_folder(prompt, batch)))
    ids_within = {record.record_id: record.ids_within() for record in record_texts}
    with folder.read(batch_key(prompt, batch)) as lines:
        for line in lines:
            if stripped := line.rstrip(b"\r\n"):
                record = forms.read(stripped)
                text_ids = ids_within.get(record.record_id, {})
                for id_within, text in record.texts.items():
                    yield pa.record_batch([[text_ids.get(id_within, id_within)], [text]], schema=TEXTS)
