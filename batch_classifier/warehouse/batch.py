"""A batch as the table `bedrock_jsonl` lists it: one row, typed, with one conversion to Arrow and one back."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa

from batch_classifier.warehouse.tables import BEDROCK_JSONL

# In the place of a batch's name, where a budget forbids to make the batch.
NOT_WRITTEN = "over-budget"


@dataclass(frozen=True)
class Batch:
    """One JSONL file of texts, for the request file that waits for its answers.

    Attributes:
        request_file: whose row it is.
        name: from the file's content, so the same texts put the same way are the same batch; the table's column `batch`.
        uri: where the JSONL file is.
        records: texts in it.
        bytes: size of the file.
        sha256: hash of the file, as hex digits.
        estimated_cost_usd: 0 where another request file pays; None where no price is known.
        prompt_version: version of the prompt that the texts are put with.
        model_id: model that is asked.
        shared_with: the request file that had this batch made; None when it is this one.
        content_bytes: bytes of the file that the model reads; None in rows from before they were counted.
        lines: records of the file, which may hold several texts each; None in rows that were written before they could.
    """

    request_file: str
    name: str
    uri: str
    records: int
    bytes: int
    sha256: str
    estimated_input_tokens: int
    estimated_output_tokens: int
    estimated_cost_usd: float | None
    prompt_version: str
    model_id: str
    shared_with: str | None = None
    content_bytes: int | None = None
    lines: int | None = None

    @property
    def records_sent(self) -> int:
        """How many records its job has."""
        return self.records if self.lines is None else self.lines

    @property
    def is_written(self) -> bool:
        """Whether there is a file of it; there is none where a budget forbids to send it."""
        return bool(self.uri)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Batch":
        """The batch of a row of `bedrock_jsonl`."""
        return cls(**{field.name: row[_column(field.name)] for field in fields(cls)})

    def to_row(self) -> dict[str, Any]:
        """The row of `bedrock_jsonl`, by column."""
        return {_column(name): value for name, value in asdict(self).items()}


def batches_to_arrow(batches: Iterable[Batch]) -> pa.RecordBatch:
    """Batches as rows of `bedrock_jsonl`."""
    return pa.RecordBatch.from_pylist([batch.to_row() for batch in batches], schema=BEDROCK_JSONL.schema)


def batches_from_arrow(rows: pa.Table | pa.RecordBatch) -> list[Batch]:
    """Rows of `bedrock_jsonl` as batches, in their order."""
    return [Batch.from_row(row) for row in rows.to_pylist()]


def _column(name: str) -> str:
    return "batch" if name == "name" else name
