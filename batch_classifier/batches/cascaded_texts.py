"""The cascade of one request file: which of the texts that it needs the local model answers, and what of the others is sent now.

Of a large file of which nothing is known a sample goes first; what is left is decided on when the sample is answered. What was
decided for a file is kept, so that a run that is killed and started again sends nothing else.
"""

import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from batch_classifier.answers.labels import Labels
from batch_classifier.batches.needed_texts import IDS, NeededTexts, ids_of_batch
from batch_classifier.batches.texts import chosen_texts
from batch_classifier.cascade.certificate import Promise
from batch_classifier.cascade.chance import Chance
from batch_classifier.cascade.decision import Decision, answered_locally, audited, decide, trained
from batch_classifier.cascade.known_answers import MOST_TEXTS, KnownText, answers_of_batches, known_texts, texts_by_id
from batch_classifier.cascade.local_answers import local_batch, write_local_batch
from batch_classifier.cascade.standing import FileStanding, Standing
from batch_classifier.errors import ClassifierError
from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.prompt import Cascade, Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import local_answers_key, text_ids_key
from batch_classifier.training.train import FEWEST_TEXTS
from batch_classifier.training.training_texts import read_training_texts
from batch_classifier.warehouse.batch import Batch
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.scratch import scratch_database

# A file of fewer texts than so many samples saves too little to be waited for twice.
_SAMPLES_IN_A_FILE = 2
_ALL = 1.0

Read = Callable[[], AbstractContextManager[Iterator[pa.RecordBatch]]]


@dataclass
class CascadedTexts:
    """Takes texts out of the needed ones that need not be sent, or not now.

    Attributes:
        read: opens the rows of raw_requests, with row_number, text_id and text.
        outcome: what was decided, in a sentence.
        decision: what the drawn texts say, where there was something to decide on.
        local_texts: texts that the local model answers.
        deferred: texts that wait for the sample's answers.
    """

    prompt: Prompt
    cascade: Cascade
    request_file: str
    warehouse: Warehouse
    inference: Inference
    internal: Folder
    read: Read
    outcome: str = ""
    decision: Decision | None = None
    local_texts: int = 0
    deferred: int = 0
    _standing: Standing = field(init=False)

    def __post_init__(self) -> None:
        self._standing = Standing(self.internal, self.prompt, self.inference.model_id(self.prompt))

    def take(self, needed: NeededTexts, under_way: Sequence[Batch]) -> list[Batch]:
        """Leave what is not to be sent now out of the needed texts; returns the batches of local answers.

        `under_way`: batches with texts of the file whose answers no table has in full.
        """
        if (off := self._standing.off()) is not None:
            return self.pass_by(f"off: {off['why']}")
        before = self._standing.of_file(self.request_file)
        batches = self._decided_before(needed, before)
        if not len(needed) or batches:
            self.outcome = "decided before" if batches else "nothing is needed"
            return batches
        chance = Chance.of_prompt(self.internal, self.prompt)
        # Without a batch under way the file is another one than the sample was drawn from.
        if before is not None and before.is_sampling and under_way:
            return self._after_sample(needed, under_way, before, chance)
        known = known_texts(self.warehouse, self._standing, chance, (), _ALL)
        if sum(text.is_drawn for text in known) >= self._enough:
            return self._decide(needed, known, chance, FileStanding(self.cascade.audit), [])
        if len(needed) >= _SAMPLES_IN_A_FILE * self.cascade.sample:
            self._send_sample(needed, chance)
        else:
            self.outcome = "too little is known yet, and the file is too small for a sample of its own: all is sent"
        return []

    @property
    def _enough(self) -> int:
        return max(self.cascade.sample // 2, FEWEST_TEXTS)

    def _decided_before(self, needed: NeededTexts, before: FileStanding | None) -> list[Batch]:
        """The local answers that were written for the file before, where they still answer a text that is needed."""
        found = []
        for name, model_id in before.batches.items() if before else ():
            answers = self.internal.find(f"{local_answers_key(self.prompt, name)}/{name}.jsonl.out")
            if answers is None or self.internal.find(text_ids_key(self.prompt, name)) is None:
                continue
            if texts := needed.leave_out(ids_of_batch(self.internal, self.prompt, name)):
                self.local_texts += texts
                batch = local_batch(self.internal, self.prompt, self.request_file, name, model_id, texts, answers.size)
                found.append(batch)
        return found

    def _send_sample(self, needed: NeededTexts, chance: Chance) -> None:
        """Leave only the sample; the note says which texts that is."""
        places = ((chance.place(text_id), text_id) for ids in needed.ids() for text_id in ids.to_pylist())
        sample = heapq.nsmallest(self.cascade.sample, places)
        drawn = math.nextafter(sample[-1][0], 2)
        self.deferred = len(needed) - len(sample)
        self._standing.note_file(self.request_file, FileStanding(drawn, is_sampling=True))
        needed.keep_only([pa.record_batch([pa.array([text_id for _, text_id in sample], pa.string())], schema=IDS)])
        self.outcome = "a sample is sent first; what is left is decided on when it is answered"

    def _after_sample(
        self, needed: NeededTexts, under_way: Sequence[Batch], before: FileStanding, chance: Chance
    ) -> list[Batch]:
        own = [batch.name for batch in under_way if batch.shared_with is None]
        answers, is_over = answers_of_batches(self._standing, self.inference, own or [one.name for one in under_way])
        if not is_over:
            self.deferred = len(needed)
            needed.keep_only(())
            self.outcome = "the sample is not answered yet"
            return []
        known = known_texts(self.warehouse, self._standing, chance, answers, before.drawn)
        sampled = [text_id for text_id, _ in answers if chance.place(text_id) < before.drawn]
        return self._decide(needed, known, chance, FileStanding(max(before.drawn, self.cascade.audit)), sampled)

    def _decide(
        self,
        needed: NeededTexts,
        known: Sequence[KnownText],
        chance: Chance,
        standing: FileStanding,
        sampled: Sequence[str],
    ) -> list[Batch]:
        promise = Promise(self.cascade.agreement, self.cascade.confidence)
        texts_of_known = texts_by_id(self.warehouse, self.prompt, [text.text_id for text in known])
        try:
            names = Labels(self.prompt.class_names).named
            said = read_training_texts(self.warehouse, self.prompt, names, most_texts=MOST_TEXTS).texts
            model = trained(self.prompt, known, texts_of_known, said)
        except ClassifierError as error:
            return self.pass_by(f"nothing can be learned: {error}")
        with scratch_database() as scratch, self.read() as requests:
            texts = chosen_texts(requests, needed.row_numbers())
            drawn = standing.drawn
            self.decision = decide(model, promise, chance, drawn, known, texts_of_known, texts, sampled, scratch)
            self._standing.note_certificate(self.decision.summary())
            certified = self.decision.certificate.certified
            if certified is None:
                return self.pass_by("nothing can be certified: all is sent")
            least = certified.cut.least_confidence
            batch = write_local_batch(
                self.internal,
                self.prompt,
                self.request_file,
                self.decision.model_id,
                answered_locally(scratch, least),
                audited(scratch, least),
            )
        noted = replace(standing, batches={batch.name: batch.model_id}, local_share=certified.share)
        self._standing.note_file(self.request_file, noted)
        self.local_texts = needed.leave_out(ids_of_batch(self.internal, self.prompt, batch.name))
        self.outcome = f"the local model may answer {certified.share:.0%} of {self.decision.texts:,} texts"
        return [batch]

    def pass_by(self, why: str) -> list[Batch]:
        """Leave all texts to be sent, for this reason, and note that it was so."""
        self._standing.note_file(self.request_file, FileStanding(_ALL))
        self.outcome = why
        return []
