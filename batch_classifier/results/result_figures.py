"""What the first sheet of a workbook of results says: figures of its rows, counted while they pass, and where the rows are from."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from batch_classifier.warehouse.corrections import MODEL_CLASS

if TYPE_CHECKING:
    import pyarrow as pa

# What `take_in` looks at, where a batch has it.
FIGURE_COLUMNS = ("class", "status", "model_id", "prompt_version", "cost_usd", "doubt")
_COUNTED = FIGURE_COLUMNS[:4]
# From here on an answer is as likely wrong as right.
DOUBTFUL = 0.5


@dataclass
class ResultFigures:
    """Counts of a request file's rows.

    Attributes:
        classes: the prompt's categories, in its order: what a class may be.
        about: lines on where the rows are from, a name and a value each.
        by_class: how many rows have which class; None for those without one.
        by_status: how many rows ended how.
        models, prompt_versions: how many rows they answered.
        corrected: rows whose class a correction has changed.
        doubtful: rows with a class whose doubt is `DOUBTFUL` or more.
        cost_usd: what the rows' answers cost.
    """

    classes: Sequence[str]
    about: Sequence[tuple[str, Any]] = ()
    by_class: Counter[str | None] = field(default_factory=Counter)
    by_status: Counter[str | None] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    prompt_versions: Counter[str] = field(default_factory=Counter)
    corrected: int = 0
    doubtful: int = 0
    cost_usd: float = 0.0

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.by_status.total()

    def passing(self, batches: "Iterable[pa.RecordBatch]") -> "Iterable[pa.RecordBatch]":
        """The batches of classifications, with their rows counted as they pass."""
        for batch in batches:
            self._take_in(batch)
            yield batch

    def count(self, row: Mapping[str, Any]) -> None:
        """Count one row of a result file, by our names."""
        self.by_class[row.get("class")] += 1
        self.by_status[row.get("status")] += 1
        self.corrected += row.get(MODEL_CLASS.name) is not None
        self.doubtful += (row.get("doubt") or 0.0) >= DOUBTFUL

    def classes_by_rows(self) -> list[str]:
        """The prompt's categories, the most frequent first."""
        return sorted(self.classes, key=lambda name: -self.by_class[name])

    def _take_in(self, batch: "pa.RecordBatch") -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        there = {name: batch[name].to_pylist() for name in _COUNTED if name in batch.schema.names}
        self.by_class.update(there.get("class", ()))
        self.by_status.update(there.get("status", ()))
        self.models.update(one for one in there.get("model_id", ()) if one)
        self.prompt_versions.update(one for one in there.get("prompt_version", ()) if one)
        if MODEL_CLASS.name in batch.schema.names:
            self.corrected += batch.num_rows - batch[MODEL_CLASS.name].null_count
        if "doubt" in batch.schema.names:
            self.doubtful += pc.sum(pc.greater_equal(batch["doubt"], pa.scalar(DOUBTFUL, pa.float64()))).as_py() or 0
        if "cost_usd" in batch.schema.names:
            self.cost_usd += pc.sum(batch["cost_usd"]).as_py() or 0.0
