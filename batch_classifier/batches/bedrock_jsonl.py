"""The asset bedrock_jsonl: a request file's distinct texts, less what was answered before and what is on its way, as batches."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import chain

import pyarrow as pa

from batch_classifier.batches.batch_name import batch_name
from batch_classifier.batches.cascaded_texts import CascadedTexts
from batch_classifier.batches.estimate import Estimate, Estimator, Volume
from batch_classifier.batches.held_back import JoiningTexts
from batch_classifier.batches.learned_tokens import token_use
from batch_classifier.batches.needed_texts import NeededTexts, texts_of_file
from batch_classifier.batches.packing import Asked, room_of_records
from batch_classifier.batches.texts import chosen_texts
from batch_classifier.batches.unread_batches import SharedBatches, UnreadBatches, names_in_tables
from batch_classifier.batches.writing import BatchWriter, texts_per_batch
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.prices import FREE, Price, answer_tokens
from batch_classifier.inference.token_use import TokenUse, starting_use
from batch_classifier.notes.budget import Budget, Send
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse.batch import NOT_WRITTEN, Batch, batches_to_arrow
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.queries import answered_texts, rows_masked_otherwise
from batch_classifier.warehouse.tables import RAW_REQUESTS
from batch_classifier.wording import counted


@dataclass
class BedrockJsonl:
    """Makes the rows of `bedrock_jsonl` for one request file, writing the batches on the way. Iterate it once.

    raw_requests is read twice, never the same bytes: first ids and lengths, which say what is needed and what it costs, and
    then the texts, if there are any to be sent.

    What is over a budget is not written: the one row then tells the estimate, and has no file.

    Attributes:
        on_progress: is told how many texts of how many are written.
        distinct_texts: how many texts the file has.
        answered_before: of these, answered by this prompt version and model.
        on_their_way: of these, in batches that were made before.
        new_texts: of these, in new batches.
        batches: the rows, known at the end.
        estimate: what the new texts would cost, and without each saving; None where there are none.
        cascade: what was decided on texts that the local model may answer; None where the prompt has no cascade.
        is_approved: whether a person lets the file pass though it be over a budget.
        refusal: why nothing was written, and how to go on; None where the budgets suffice.
        is_fresh: whether everything is asked again, also what is answered or on its way.
        asked_again: how many of the new texts are answered already.
    """

    prompt: Prompt
    request_file: str
    warehouse: Warehouse
    inference: Inference
    internal: Folder
    on_progress: Callable[[int, int], None] = lambda _done, _total: None
    distinct_texts: int = 0
    answered_before: int = 0
    on_their_way: int = 0
    new_texts: int = 0
    batches: list[Batch] = field(default_factory=list)
    estimate: Estimate | None = None
    cascade: CascadedTexts | None = None
    is_approved: bool = False
    refusal: str | None = None
    is_fresh: bool = False
    asked_again: int = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        self._check_masking()
        with texts_of_file(self.warehouse, self.prompt, self.request_file) as needed:
            whole = needed.volume()
            self.distinct_texts = whole.texts
            self.answered_before = self._leave_out_answered(needed)
            answered = whole.less(needed.volume())
            found = self._shared(needed)
            self.new_texts = len(needed)
            everything = needed.volume()
            self.batches += self._cascade(needed, found.shared)
            self.on_their_way = self.distinct_texts - self.answered_before - self.new_texts
            self.batches += found.shared
            self.new_texts = len(needed)
            if self.new_texts:
                joining = JoiningTexts(needed, found, self.prompt, self.warehouse, self.inference, self.internal)
                self.batches += self._write(needed, joining, answered, everything)
        if self.batches:
            yield batches_to_arrow(self.batches)

    def _cascade(self, needed: NeededTexts, under_way: Sequence[Batch]) -> list[Batch]:
        """Leave what the local model answers, and what waits for the sample, out of the needed texts."""
        if self.prompt.cascade is None or not len(needed):
            return []
        self.cascade = CascadedTexts(
            self.prompt,
            self.prompt.cascade,
            self.request_file,
            self.warehouse,
            self.inference,
            self.internal,
            lambda: self._read(["row_number", "text_id", "text"]),
        )
        if self.is_fresh:
            return self.cascade.pass_by("everything is asked again")
        return self.cascade.take(needed, under_way)

    def _check_masking(self) -> None:
        if self.prompt.redact is None:
            return
        sql = rows_masked_otherwise(self.warehouse, self.prompt, self.request_file, self.prompt.redact.version)
        ((texts,),) = (row.values() for row in self.warehouse.query(self.prompt.name, sql))
        if texts:
            raise ClassifierError(
                f"{counted(texts, 'text')} of {self.request_file} were read before redact of the prompt {self.prompt.name} was "
                "what it is now, and are not masked so; materialize raw_requests again, then bedrock_jsonl."
            )

    def _leave_out_answered(self, needed: NeededTexts) -> int:
        model_id = self.inference.model_id(self.prompt)
        answered = answered_texts(self.warehouse, self.prompt, model_id, self.request_file)
        with self.warehouse.stream(self.prompt.name, answered) as ids:
            if not self.is_fresh:
                return needed.leave_out(ids)
            self.asked_again = needed.count(ids)
            return 0

    def _shared(self, needed: NeededTexts) -> SharedBatches:
        if self.is_fresh:
            # A batch of the same texts whose answers are not read yet has the name that theirs gets, and is found by it.
            return SharedBatches([], [], [])
        unread = UnreadBatches(self.prompt, self.request_file, self.warehouse, self.inference, self.internal)
        return unread.share(needed)

    def _write(
        self, needed: NeededTexts, joining: JoiningTexts, answered: Volume, everything: Volume
    ) -> Iterator[Batch]:
        texts = self.new_texts + len(joining)
        text_bytes = self._bytes(needed) + joining.bytes()
        overhead = self.inference.record_form(self.prompt).overhead
        per_batch = texts_per_batch(texts, text_bytes, overhead, self.prompt.batch_size, self.inference.limits)
        use = self._token_use()
        # Batches are even, but the last one may be smaller, and what it can be decides for all.
        smallest = texts % per_batch or per_batch
        made_for = Asked(smallest, text_bytes * smallest // texts, self.inference.minimum_records)
        room = room_of_records(made_for, self.prompt, self.inference, use)
        price = self.inference.price(self.prompt, -(-smallest // room.most_texts))
        joined = Volume(len(joining), joining.bytes(), len(joining), joining.bytes())
        to_ask = needed.volume().plus(joined)
        made = estimator(self.prompt, self.inference, use)
        self.estimate = made.estimate(to_ask, answered, room.most_texts)
        all_texts, all_of_it = texts, self.estimate
        if self.cascade is not None and self.cascade.deferred:
            # Nothing is sampled of a file that could not be paid for as a whole.
            all_texts, all_of_it = everything.texts, made.estimate(everything.plus(joined), answered, room.most_texts)
        self.refusal = self._refusal(price, all_texts, all_of_it)
        if self.refusal is not None:
            yield self._not_written(price, all_texts, all_of_it)
            return
        settled = names_in_tables(self.warehouse, self.prompt, self.inference.model_id(self.prompt))
        writer = BatchWriter(
            self.request_file,
            self.prompt,
            self.inference,
            price,
            self.internal,
            lambda sha256: batch_name(sha256, settled),
            use,
            room,
        )
        with self._read(["row_number", "text_id", "text"]) as requests:
            own = chosen_texts(requests, needed.row_numbers())
            yield from writer.write(chain(own, joining), per_batch, lambda done: self.on_progress(done, texts))

    def _bytes(self, needed: NeededTexts) -> int:
        if needed.has_unknown_lengths():
            with self._read(["row_number", "text"]) as requests:
                needed.add_lengths(requests)
        return needed.bytes()

    def _read(self, columns: list[str]) -> AbstractContextManager[Iterator[pa.RecordBatch]]:
        return self.warehouse.read(self.prompt.name, RAW_REQUESTS, self.request_file, columns)

    def _token_use(self) -> TokenUse:
        # What costs nothing has no bill to learn from.
        if self.inference.price(self.prompt, self.inference.limits.maximum_records) == FREE:
            return starting_use(self.prompt, answer_tokens(self.prompt, self.prompt.texts_per_record))
        return token_use(self.warehouse, self.prompt, self.inference.model_id(self.prompt))

    def _refusal(self, price: Price | None, texts: int, estimate: Estimate) -> str | None:
        budget = Budget(self.prompt, self.request_file, self.warehouse, self.inference, self.internal, self.is_approved)
        # What the file has had made before is a part of what it costs.
        budget.committed = {batch.name: batch.estimated_cost_usd or 0.0 for batch in self.batches}
        cost = None if price is None else price.cost(estimate.input_tokens, estimate.output_tokens)
        return budget.refusal([Send(NOT_WRITTEN, 1, "", texts, cost)])

    def _not_written(self, price: Price | None, texts: int, estimate: Estimate) -> Batch:
        return Batch(
            request_file=self.request_file,
            name=NOT_WRITTEN,
            uri="",
            records=texts,
            bytes=0,
            sha256="",
            estimated_input_tokens=estimate.input_tokens,
            estimated_output_tokens=estimate.output_tokens,
            estimated_cost_usd=None if price is None else price.cost(estimate.input_tokens, estimate.output_tokens),
            prompt_version=self.prompt.version,
            model_id=self.inference.model_id(self.prompt),
        )


def estimator(prompt: Prompt, inference: Inference, use: TokenUse) -> Estimator:
    """Makes estimates at the price of the prompt's model where it is charged for, whoever answers here."""
    price = inference.model_price(prompt)
    return Estimator(
        prompt,
        use,
        price,
        price.source if price else inference.price_is_unknown(prompt),
        inference.charged_on_demand_below if prompt.on_demand == "auto" else 0,
    )
