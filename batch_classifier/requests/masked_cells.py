"""The cells of a request file after masking: the texts as they may be sent, and what is kept beside them."""

from collections import Counter
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from batch_classifier.prompts.prompt import Redaction


@dataclass(frozen=True)
class MaskedTexts:
    """Texts in the place of those of a file.

    Attributes:
        texts: as they may be sent.
        problems: why a text could not be masked; null where it could. Then there is no text either.
        originals: as they stand in the file, where something was masked and the prompt keeps them.
        redaction: the version of the masking, for each row.
    """

    texts: pa.StringArray
    problems: pa.StringArray
    originals: pa.StringArray
    redaction: pa.StringArray


@dataclass
class MaskedCells:
    """Masks the cells of one request file as a prompt says, and counts what it masked.

    Attributes:
        redact: what the prompt says; None for a prompt that has nothing masked.
        counts: what was masked in texts so far, by kind or pattern; with 0 for what was looked for and not found.
        rows: texts in which something was masked.
        counts_of_others: the same as `counts` for the file's other columns.
    """

    redact: Redaction | None
    counts: Counter[str] = field(init=False, default_factory=Counter)
    counts_of_others: Counter[str] = field(init=False, default_factory=Counter)
    rows: int = 0

    def __post_init__(self) -> None:
        if self.redact is not None:
            self._masker, self._masker_of_others = self.redact.masker(), self.redact.masker()
            self.counts, self.counts_of_others = self._masker.counts, self._masker_of_others.counts
            for name in (*self.redact.kinds, *self.redact.patterns):
                self.counts[name] = 0

    def texts(self, texts: pa.StringArray) -> MaskedTexts:
        """Mask texts."""
        nothing = pa.nulls(len(texts), pa.string())
        if self.redact is None:
            return MaskedTexts(texts, nothing, nothing, nothing)
        masked = self._masker.mask(texts)
        self.rows += masked.is_changed.true_count
        originals = pc.if_else(masked.is_changed, texts, nothing) if self.redact.keep_originals else nothing
        redaction = pa.repeat(pa.scalar(self.redact.version, pa.string()), len(texts))
        return MaskedTexts(masked.texts, masked.problems, originals, redaction)

    def others(self, cells: pa.RecordBatch, names: list[str]) -> pa.RecordBatch:
        """Mask the columns of these names too, where a prompt wants no originals in its tables: what is masked in the text may stand there.

        A cell that takes too long to mask is left out.
        """
        if self.redact is None or self.redact.keep_originals or not names:
            return cells
        columns = {name: self._masker_of_others.mask(cells.column(name)).texts for name in names}
        return pa.record_batch(
            [columns.get(name, cells.column(name)) for name in cells.schema.names], cells.schema.names
        )
