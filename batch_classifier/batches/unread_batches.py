"""The batches whose answers no table has in full: on their way, not yet read, or read and replaced. Their texts are shared."""

import dataclasses
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from batch_classifier.batches.needed_texts import NeededTexts, ids_of_batch
from batch_classifier.batches.torn_batches import is_torn, remove_torn
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.job_name import job_name
from batch_classifier.inference.prices import answer_tokens
from batch_classifier.inference.token_use import starting_use
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import (
    AUDIT,
    LOCAL_BATCH,
    batch_folder,
    batch_key,
    batch_of,
    is_text_ids,
    record_texts_key,
)
from batch_classifier.storage.record_texts import read_record_texts
from batch_classifier.storage.text_ids import TEXT_ID_LENGTH
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import batches_in_tables, failed_texts, made_batches, represented_batches

# Who had a batch made that no table lists any more: a request file that was replaced since.
EARLIER_CONTENT = "a file that was replaced"


@dataclass
class SharedBatches:
    """The batches that hold needed texts and are shared instead of asking again.

    Attributes:
        shared: rows for this request file, its own batches first; one that another file had made costs it nothing.
        under_way: the names of all batches that were looked into, also where they hold none of the needed texts.
        held_back: batches that were never sent because they are too small.
    """

    shared: list[Batch]
    under_way: list[str]
    held_back: list[Batch]


@dataclass(frozen=True)
class UnreadBatches:
    """Which batches there are, the internal folder says: also those of a request file that has another content now."""

    prompt: Prompt
    request_file: str
    warehouse: Warehouse
    inference: Inference
    internal: Folder

    def share(self, needed: NeededTexts) -> SharedBatches:
        """Leave the texts of these batches out of the needed ones, and tell which batches had some."""
        found = SharedBatches([], [], [])
        if not len(needed):
            return found
        failed = failed_texts(self.warehouse, self.prompt, self._model_id)
        with self.warehouse.stream(self.prompt.name, failed) as ids:
            needed.ask_again(ids)
        for batch in self._unread():
            if self._is_torn(batch.name):
                remove_torn(self.internal, self.prompt, batch.name)
                continue
            if self._is_held_back(batch):
                found.held_back.append(batch)
                continue
            found.under_way.append(batch.name)
            if needed.leave_out(ids_of_batch(self.internal, self.prompt, batch.name)):
                found.shared.append(batch)
        return found

    @property
    def _model_id(self) -> str:
        return self.inference.model_id(self.prompt)

    def _unread(self) -> list[Batch]:
        """The batches of this prompt version that classifications do not hold in full, this file's own ones first."""
        represented = texts_in_tables(self.warehouse, self.prompt, self._model_id)
        listed = self._listed()
        known = listed.keys() | represented.keys()
        unread = [
            self._for_this_file(listed.get(name) or self._unlisted(name, texts))
            for name, texts in self._stored()
            if represented.get(name, 0) < texts and self._is_of_model(name, known)
        ]
        return sorted(unread, key=lambda batch: (batch.shared_with is not None, batch.name))

    def _stored(self) -> Iterator[tuple[str, int]]:
        """The batches in the internal folder, with the number of their texts."""
        for file in self.internal.list(f"{self.prompt.name}/{self.prompt.version}/"):
            # Nobody is asked for what the local model has answered.
            if is_text_ids(file.key) and not (name := batch_of(file.key)).startswith((LOCAL_BATCH, AUDIT)):
                yield name, file.size // (TEXT_ID_LENGTH + 1)

    def _listed(self) -> dict[str, Batch]:
        """The batches that the table lists, by name: this file's own row where there is one, else the first."""
        listed: dict[str, Batch] = {}
        rows = self.warehouse.query(self.prompt.name, made_batches(self.warehouse, self.prompt, self._model_id))
        for batch in map(Batch.from_row, rows):
            if batch.name not in listed or batch.request_file == self.request_file:
                listed[batch.name] = batch
        return listed

    def _is_of_model(self, name: str, known: Collection[str]) -> bool:
        """Whether a batch is this model's: the folder does not say, its first job's name does."""
        return name in known or self._was_sent(name)

    def _for_this_file(self, batch: Batch) -> Batch:
        owner = batch.shared_with or (None if batch.request_file == self.request_file else batch.request_file)
        cost = batch.estimated_cost_usd if owner is None else 0.0
        return dataclasses.replace(batch, request_file=self.request_file, shared_with=owner, estimated_cost_usd=cost)

    def _unlisted(self, name: str, texts: int) -> Batch:
        key = batch_key(self.prompt, name)
        found = self.internal.find(key)
        size = found.size if found else 0
        use = starting_use(self.prompt, answer_tokens(self.prompt, self.prompt.texts_per_record))
        return Batch(
            request_file=EARLIER_CONTENT,
            name=name,
            uri=self.internal.uri_of(key),
            records=texts,
            bytes=size,
            sha256=name.split("-")[0],
            estimated_input_tokens=use.read(size),
            estimated_output_tokens=use.written(texts),
            estimated_cost_usd=0.0,
            prompt_version=self.prompt.version,
            model_id=self._model_id,
            lines=self._lines(name),
        )

    def _lines(self, name: str) -> int | None:
        """How many records a batch has; None where each has one text."""
        records = read_record_texts(self.internal, record_texts_key(batch_folder(self.prompt, name)))
        return sum(1 for _ in records) or None

    def _is_held_back(self, batch: Batch) -> bool:
        """Whether a batch was never sent because it is too small: its texts may fill a larger one now."""
        is_too_small = batch.records_sent < self.inference.minimum_records and self.prompt.on_demand == "never"
        return is_too_small and not self._was_sent(batch.name)

    def _is_torn(self, name: str) -> bool:
        """Whether a batch is to be made again: S3 has files whole or not at all, and what was sent is with its job."""
        return self.internal.is_on_disk and is_torn(self.internal, self.prompt, name) and not self._was_sent(name)

    def _was_sent(self, name: str) -> bool:
        return self.inference.find(job_name(self.prompt, self._model_id, self.internal, name, 1)) is not None


def texts_in_tables(warehouse: Warehouse, prompt: Prompt, model_id: str) -> dict[str, int]:
    """How many texts of each batch classifications hold, by the batch's name; one without any is not there."""
    rows = warehouse.query(prompt.name, represented_batches(warehouse, prompt, model_id))
    return {row["batch"]: row["texts"] for row in rows}


def names_in_tables(warehouse: Warehouse, prompt: Prompt, model_id: str) -> set[str]:
    """The names of the batches of which classifications hold any text."""
    return {row["batch"] for row in warehouse.query(prompt.name, batches_in_tables(warehouse, prompt, model_id))}
