"""Texts of other request files that were too few for a job: they join this file's, where all together are enough."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from batch_classifier.batches.needed_texts import IDS, NeededTexts, ids_of_batch
from batch_classifier.batches.texts import TEXTS, texts_of_batch
from batch_classifier.batches.unread_batches import EARLIER_CONTENT, SharedBatches
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.duckdb_stream import record_batches
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import answered_texts
from batch_classifier.warehouse.scratch import load, one_number

_CHOSEN = "held_back join joining on held_back.rowid = place"


class JoiningTexts:
    """The texts that join, in the table `joining` of the scratch database; none where they would still be too few."""

    def __init__(
        self,
        needed: NeededTexts,
        found: SharedBatches,
        prompt: Prompt,
        warehouse: Warehouse,
        inference: Inference,
        internal: Folder,
    ) -> None:
        self._scratch = needed.scratch
        load(self._scratch, "held_back", TEXTS, ())
        load(self._scratch, "done", IDS, ())
        # This file's own are among the needed ones, and those of a replaced file nobody waits for.
        others = [batch for batch in found.held_back if batch.shared_with not in (None, EARLIER_CONTENT)]
        forms = inference.record_forms(prompt)
        for batch in others:
            load(self._scratch, "held_back", TEXTS, texts_of_batch(internal, prompt, batch.name, forms))
            with warehouse.stream(prompt.name, _answered(batch, prompt, warehouse, inference)) as ids:
                load(self._scratch, "done", IDS, ids)
        for name in _names(found.under_way, others):
            load(self._scratch, "done", IDS, ids_of_batch(internal, prompt, name))
        self._scratch.execute(
            # A long text is not to be grouped: one row of each is chosen by its place.
            "create table joining as select text_id, min(rowid) as place from held_back where text_id not in "
            "(select text_id from done union all select text_id from needed) group by text_id"
        )
        if len(needed) + len(self) < inference.minimum_records:
            self._scratch.execute("delete from joining")

    def __len__(self) -> int:
        """How many texts join."""
        return one_number(self._scratch, "select count(*) from joining")

    def bytes(self) -> int:
        """Their bytes, all together."""
        return one_number(self._scratch, f"select sum(strlen(text)) from {_CHOSEN}")

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Ids and texts, in the order of the ids."""
        yield from record_batches(
            self._scratch, f"select held_back.text_id, text from {_CHOSEN} order by held_back.text_id", is_ordered=True
        )


def _names(under_way: Sequence[str], others: Sequence[Batch]) -> Sequence[str]:
    # Where nothing is held back, nothing can join, and the ids need not be read.
    return under_way if others else ()


def _answered(batch: Batch, prompt: Prompt, warehouse: Warehouse, inference: Inference) -> str:
    return answered_texts(warehouse, prompt, inference.model_id(prompt), batch.shared_with or batch.request_file)
