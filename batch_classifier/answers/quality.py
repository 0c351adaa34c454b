"""How good the classes are, where a request file brings the expected ones."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from batch_classifier.answers.labels import Labels
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse


class LabelCount(NamedTuple):
    """How many requests were expected to get a class (as the file spells it) and got one; None is no class."""

    expected_class: str
    class_name: str | None
    requests: int


class CategoryQuality(NamedTuple):
    """How a category fares: how often it was expected and given, and the shares of either that agree, 0 to 1.

    `precision` is None for a category that was never given, `recall` for one that was never expected.
    """

    category: str
    expected: int
    given: int
    precision: float | None
    recall: float | None


class ConfusionRow(NamedTuple):
    """What the requests got that were expected to get one category; `given` has the same classes in each row."""

    expected: str
    given: Mapping[str | None, int]


@dataclass(frozen=True)
class Accuracy:
    """Accuracy over the labelled requests; one row a category with precision and recall; the confusion matrix."""

    labelled: int
    correct: int
    categories: Sequence[CategoryQuality]
    matrix: Sequence[ConfusionRow]
    unknown_labels: Sequence[str]

    @property
    def accuracy(self) -> float:
        """Share of the labelled requests that got the expected class, 0 to 1."""
        return self.correct / self.labelled


def measure_accuracy(warehouse: Warehouse, prompt: Prompt, request_file: str) -> Accuracy | None:
    """The accuracy of a request file's classifications; None when it has no label."""
    rows = warehouse.query(prompt.name, queries.confusion(warehouse, prompt, request_file))
    counts = [LabelCount(row["expected_class"], row["class"], row["requests"]) for row in rows]
    return accuracy_of(counts, prompt.class_names)


def accuracy_of(counts: Iterable[LabelCount], names: Sequence[str]) -> Accuracy | None:
    """Measure from counts of labelled requests; None when there is none.

    A label is a category also when it is spelled a little differently; a label of no category counts as wrong.
    """
    labels = Labels(names)
    cells: Counter[tuple[str, str | None]] = Counter()
    unknown: dict[str, None] = {}
    for count in counts:
        match = labels.match(count.expected_class)
        name = match.name if match.how in ("exact", "spelling") else None
        if name is None:
            unknown[count.expected_class] = None
        cells[name or count.expected_class, count.class_name] += count.requests
    if not cells:
        return None
    expected: Counter[str] = Counter()
    given: Counter[str | None] = Counter()
    for (wanted, got), requests in cells.items():
        expected[wanted] += requests
        given[got] += requests
    known = [*names, *unknown]
    classes = [name for name in [*names, None] if name in given]
    return Accuracy(
        labelled=cells.total(),
        correct=sum(requests for (wanted, got), requests in cells.items() if wanted == got),
        categories=[
            _category(name, cells[name, name], expected[name], given[name])
            for name in known
            if name in expected or name in given
        ],
        matrix=[ConfusionRow(name, {got: cells[name, got] for got in classes}) for name in known if name in expected],
        unknown_labels=list(unknown),
    )


def _category(name: str, correct: int, expected: int, given: int) -> CategoryQuality:
    precision = correct / given if given else None
    return CategoryQuality(name, expected, given, precision, correct / expected if expected else None)
