"""Which rows of a labelled file count, and what is wrong with the others: an honest measure needs each text once, with one label.

Rows are left out, and told of, where the label is none of the categories, or where the same text has two labels; a text that stands
there twice with one label counts once. Of a workbook that was drawn for labelling only the rows drawn at random count: those
that were chosen because the model doubts them are harder than the others.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
import pyarrow as pa

from batch_classifier.answers.labels import Labels
from batch_classifier.errors import ClassifierError
from batch_classifier.evaluation.drawn import DRAWN_COLUMN, Drawn
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.wording import counted, fit_line

# With fewer than these the interval is wider than half of all that can be.
FEWEST_TEXTS = 10
# So many rows or labels are named in a sentence.
_NAMED = 5
# Of raw_requests.
COLUMNS = ["row_number", "text_id", "expected_class", "attributes"]


@dataclass
class LabelledRows:
    """The rows that count.

    Attributes:
        labels: the label of each by its row number, as the file spells it.
        unlabelled: rows with a text and without a label.
        without_text: rows with a label and without a usable text.
        repeats: rows whose text stands in an earlier row, with the same label.
        chosen: rows that were not drawn at random.
        unknown: row number and label where the label is no category of any prompt.
        contradicting: numbers of the rows whose text has another label elsewhere.
    """

    labels: dict[int, str] = field(default_factory=dict)
    unlabelled: int = 0
    without_text: int = 0
    repeats: int = 0
    chosen: int = 0
    unknown: list[tuple[int, str]] = field(default_factory=list)
    contradicting: list[int] = field(default_factory=list)

    def notes(self) -> list[str]:
        """What to tell of the rows that do not count, a sentence each."""
        told = []
        if self.unknown:
            rows = _some(f"{label!r} in row {row:,}" for row, label in self.unknown)
            told.append(
                f"{counted(len(self.unknown), 'label')} left out, being none of the categories: {rows}; correct them, or add the "
                "categories to the prompt."
            )
        if self.contradicting:
            rows = _some(f"{row:,}" for row in self.contradicting)
            told.append(
                f"{counted(len(self.contradicting), 'row')} left out, whose text has two labels: {rows}; keep the right one."
            )
        if self.repeats:
            told.append(f"{counted(self.repeats, 'row')} left out, repeating the text of another with its label.")
        if self.chosen:
            told.append(
                f"{counted(self.chosen, 'row')} left out, drawn because the model doubts them or for their category: "
                f"only those with {Drawn.RANDOM} in the column {DRAWN_COLUMN} measure."
            )
        if self.without_text:
            told.append(f"{counted(self.without_text, 'labelled row')} left out, having no usable text.")
        if self.unlabelled:
            told.append(f"{counted(self.unlabelled, 'row')} left out, having no label.")
        return told


def labelled_rows(rows: Iterable[pa.RecordBatch], prompts: Sequence[Prompt]) -> LabelledRows:
    """Choose the rows that count, of rows of raw_requests with `COLUMNS`.

    A label has to be a category of one of the prompts; `ExpectedClasses` says which it is in each.
    """
    found = LabelledRows()
    meanings = [ExpectedClasses(prompt) for prompt in prompts]
    # Of each text, by its id: the meaning of its label, and the row that counts.
    seen: dict[str, tuple[tuple[str | None, ...], int]] = {}
    contradicting: set[str] = set()
    later: list[tuple[int, str]] = []
    for row, text_id, label, attributes in _cells(rows):
        if label is None:
            found.unlabelled += text_id is not None
            continue
        if text_id is None:
            found.without_text += 1
            continue
        if _was_chosen(attributes):
            found.chosen += 1
            continue
        meaning = tuple(known.meaning(label) for known in meanings)
        if not any(meaning):
            found.unknown.append((row, label))
        elif text_id not in seen:
            seen[text_id] = (meaning, row)
            found.labels[row] = label
        else:
            later.append((row, text_id))
            if seen[text_id][0] != meaning:
                contradicting.add(text_id)
    for text_id in contradicting:
        _, row = seen[text_id]
        del found.labels[row]
        found.contradicting.append(row)
    found.contradicting += [row for row, text_id in later if text_id in contradicting]
    found.contradicting.sort()
    found.repeats = sum(text_id not in contradicting for _, text_id in later)
    return found


def check_enough(rows: LabelledRows, file: str, column: str) -> None:
    """Raise ClassifierError where the file's rows are too few to measure anything with."""
    texts = len(rows.labels)
    if texts >= FEWEST_TEXTS:
        return
    if not texts and not (rows.unknown or rows.contradicting or rows.chosen or rows.without_text):
        raise ClassifierError(
            f"{file} has no label: its column {column!r} is not there or empty; name the column with --label-column, or as "
            "input.label of the prompt."
        )
    reasons = " ".join(rows.notes())
    raise ClassifierError(
        f"{file} has {counted(texts, 'text')} with a label that counts, and at least {FEWEST_TEXTS} are needed to measure "
        f"anything: label more, as those that --sample draws.{' ' if reasons else ''}{reasons}"
    )


class ExpectedClasses:
    """What labels mean in a prompt: its category, also where it is spelled a little differently."""

    def __init__(self, prompt: Prompt) -> None:
        self._labels = Labels(prompt.class_names)

    def meaning(self, label: str) -> str | None:
        """The category; None for a label of none."""
        return self._labels.named(label)


def expected_and_given(
    labels: Mapping[int, str], prompt: Prompt, given: Mapping[int, str | None]
) -> Iterator[tuple[int, str, str | None]]:
    """Row number, expected and given class of each labelled row, in the order of `labels`.

    A label that this prompt has no category for stays as it is, and no class is right for it. Raises ClassifierError where a
    row has no classification.
    """
    known = ExpectedClasses(prompt)
    for row, label in labels.items():
        if row not in given:
            raise ClassifierError(f"Row {row:,} of the labelled file has no classification; start the command again.")
        yield row, known.meaning(label) or label, given[row]


def _cells(rows: Iterable[pa.RecordBatch]) -> Iterator[tuple[int, str | None, str | None, str | None]]:
    for batch in rows:
        yield from zip(*(batch[name].to_pylist() for name in COLUMNS), strict=True)


def _was_chosen(attributes: str | None) -> bool:
    """Whether a row was drawn for labelling, and not at random."""
    if attributes is None or DRAWN_COLUMN not in attributes:
        return False
    drawn = orjson.loads(attributes).get(DRAWN_COLUMN)
    return drawn in set(Drawn) and drawn != Drawn.RANDOM


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    shown = ", ".join(fit_line(name, 60) for name in listed[:_NAMED])
    return f"{shown} and {len(listed) - _NAMED:,} more" if len(listed) > _NAMED else shown
