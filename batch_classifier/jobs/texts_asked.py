"""The texts of a batch while its attempts follow each other: which are asked now, which were repaired, which have an answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from batch_classifier.inference.interface import Inference
from batch_classifier.jobs.next_attempt import write_next_attempt
from batch_classifier.jobs.outcome import Outcome
from batch_classifier.jobs.when_to_send import Answer, LastAttempt, Rules, Step, next_of_text, stay_together
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import batch_folder, batch_key, record_texts_key, text_ids_key
from batch_classifier.storage.record_texts import RecordTexts, read_record_texts
from batch_classifier.storage.text_ids import read_text_ids

# By text id: what was wrong with the answer, or None for a text that is sent as it was.
OpenTexts = dict[str, str | None]


@dataclass
class TextsAsked:
    """The texts of one batch, by their ids.

    Attributes:
        repaired: those that were asked for a repair.
    """

    prompt: Prompt
    batch: str
    internal: Folder
    repaired: set[str] = field(default_factory=set)
    _asked: OpenTexts | None = None  # None while it is the whole batch
    _answered: set[str] = field(default_factory=set)
    # Texts that an answer to several did not tell of, and records of several texts that are sent again as they were.
    _left_out: set[str] = field(default_factory=set)
    _together: set[str] = field(default_factory=set)

    def sort_out(self, outcome: Outcome, last: LastAttempt, rules: Rules) -> tuple[OpenTexts, int]:
        """What the last attempt leaves open, and how many of the texts it asked it has answered, fit or not."""
        open_texts: OpenTexts = {}
        answered = 0
        # A batch has thousands of texts and the rules know six cases.
        steps = {
            (answer, was_repaired): next_of_text(answer, was_repaired, last, rules)
            for answer in Answer
            for was_repaired in (False, True)
        }
        self._left_out |= outcome.left_out
        for text_id in self._ids_asked():
            answer = outcome.answer_to(text_id)
            if answer is not Answer.MISSING:
                answered += 1
                self._answered.add(text_id)
            step = steps[answer, text_id in self.repaired]
            if step in (Step.REPAIR, Step.SEND_AGAIN):
                open_texts[text_id] = outcome.unfit[text_id] if step is Step.REPAIR else None
        return open_texts, answered

    def _ids_asked(self) -> Iterable[str]:
        if self._asked is not None:
            return self._asked
        pieces = read_text_ids(self.internal, text_ids_key(self.prompt, self.batch))
        return (text_id for piece in pieces for text_id in piece.to_pylist())

    def records_of(self, open_texts: OpenTexts, rules: Rules) -> int:
        """How many records these texts are when they are asked next.

        A record of several texts that all came to nothing is sent again as it was. Alone go texts with an unfit answer, those
        that an answer left out, and those whose record's other texts are settled.
        """
        self._together = set()
        spared = 0
        for record in self._packed_records() if open_texts else ():
            if all(self._may_go_together(text_id, open_texts) for text_id in record.text_ids):
                self._together.add(record.record_id)
                spared += len(record.text_ids) - 1
        if not stay_together(len(open_texts), len(open_texts) - spared, rules):
            self._together, spared = set(), 0
        return len(open_texts) - spared

    def _packed_records(self) -> Iterable[RecordTexts]:
        if self.prompt.texts_per_record == 1:
            return ()
        records = read_record_texts(self.internal, record_texts_key(batch_folder(self.prompt, self.batch)))
        return (record for record in records if record.is_packed)

    def _may_go_together(self, text_id: str, open_texts: OpenTexts) -> bool:
        return open_texts.get(text_id, "settled") is None and text_id not in self._left_out

    def ask(self, open_texts: OpenTexts) -> None:
        """These are asked by the next attempt."""
        self.repaired |= {text_id for text_id, fault in open_texts.items() if fault is not None}
        self._asked = open_texts

    def take_back(self) -> None:
        """What was to be asked next is not asked after all."""
        self.repaired -= {text_id for text_id, fault in (self._asked or {}).items() if fault is not None}

    def write(self, key: str, inference: Inference) -> None:
        """Write the file of what is asked now, in the form that the service takes, unless it is the batch's own file."""
        whole = batch_key(self.prompt, self.batch)
        if self._asked is not None and key != whole:
            records = {record.record_id: record for record in self._packed_records()}
            write_next_attempt(self.internal, whole, key, self._asked, records, self._together, self.prompt, inference)

    def finish(self) -> int:
        """Nothing more is asked; returns how many texts have an answer. A file may have a million texts: none is kept."""
        answered = len(self._answered)
        self._asked, self._answered = {}, set()
        self._left_out, self._together = set(), set()
        return answered
