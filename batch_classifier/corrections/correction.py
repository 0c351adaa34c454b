"""One correction as the table `corrections` holds it, and how a set of them is written: whole, behind all that are there."""

import datetime
import itertools
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import pyarrow as pa

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.record_batches import ROWS_AT_ONCE
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CORRECTIONS


@dataclass(frozen=True)
class Correction:
    """What somebody says of one text.

    Attributes:
        old_class: the class that held before; None where there was none.
        new_class: the class that holds from then on; None withdraws what was said before.
        redaction: version of the masking that the text went through.
    """

    text_id: str
    input_text: str | None
    record_id: str | None
    request_file: str | None
    old_class: str | None
    new_class: str | None
    redaction: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class CorrectionSet:
    """What one import or one withdrawal adds to the table.

    Attributes:
        name: in the order of time, and nobody else's.
        source: name of the imported file.
    """

    name: str
    who: str
    at: datetime.datetime
    source: str | None = None

    def rows(self, corrections: Iterable[Correction]) -> Iterator[pa.RecordBatch]:
        """The corrections as rows of the table, numbered from 1 on."""
        fixed = {"correction_set": self.name, "who": self.who, "corrected_at": self.at, "source": self.source}
        numbered = ({**fixed, "number": number, **asdict(one)} for number, one in enumerate(corrections, 1))
        while some := list(itertools.islice(numbered, ROWS_AT_ONCE)):
            yield pa.RecordBatch.from_pylist(some, schema=CORRECTIONS.schema)


def new_set(
    warehouse: Warehouse, prompt: Prompt, who: str, now: datetime.datetime, source: str | None = None
) -> CorrectionSet:
    """A set that comes after all that are there, also where another machine's clock is ahead."""
    name = warehouse.name(prompt.name, CORRECTIONS)
    (row,) = warehouse.query(prompt.name, f"select max(correction_set) as last from {name}")
    moment = f"{now.astimezone(datetime.UTC):%Y%m%dT%H%M%S.%fZ}"
    last = row["last"]
    if last is not None and last >= moment:
        # Longer than the last one and with the same beginning: behind it.
        moment = f"{last}-"
    return CorrectionSet(f"{moment}-{uuid.uuid4().hex[:8]}", who, now, source)


def write_set(warehouse: Warehouse, prompt: Prompt, added: CorrectionSet, rows: Iterable[pa.RecordBatch]) -> int:
    """Add the rows of a set, all or none; returns how many. What is there is never touched."""
    return warehouse.replace(prompt.name, CORRECTIONS, added.name, rows)
