"""From expected and given classes to accuracy, macro-F1, precision, recall and F1 by category, and the confusion."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from batch_classifier.answers.quality import Accuracy, CategoryQuality, ConfusionRow, LabelCount, accuracy_of
from batch_classifier.evaluation.intervals import Interval, wilson


@dataclass(frozen=True)
class CategoryScore:
    """How a category fares: texts it was expected and given for, and precision, recall and F1, 0 to 1.

    `precision` is None for a category that was never given, `recall` for one that was never expected.
    """

    category: str
    expected: int
    given: int
    precision: float | None
    recall: float | None
    f1: float


@dataclass(frozen=True)
class Scores:
    """How right the classes of some labelled texts are. `interval` is the 95% interval of the accuracy."""

    texts: int
    right: int
    interval: Interval
    categories: Sequence[CategoryScore]
    confusion: Sequence[ConfusionRow]

    @property
    def accuracy(self) -> float:
        """Share of the texts that got the expected class, 0 to 1."""
        return self.right / self.texts

    @property
    def macro_f1(self) -> float:
        """The mean of the categories' F1, each counting as much as any other; of all that were expected or given."""
        return sum(score.f1 for score in self.categories) / len(self.categories)


def scores_of(pairs: Iterable[tuple[str, str | None]], names: Sequence[str]) -> Scores:
    """Score pairs of the expected and the given class; None is none, and wrong.

    Args:
        pairs: one for each text; an expected class that is not in `names` is wrong whatever was given.
        names: the categories, in the order in which they are to be shown.

    Raises:
        ValueError: there are no pairs.
    """
    counts = Counter(pairs)
    measured = accuracy_of([LabelCount(*pair, number) for pair, number in counts.items()], names)
    if measured is None:
        raise ValueError("there is nothing to score")
    return Scores(
        texts=measured.labelled,
        right=measured.correct,
        interval=wilson(measured.correct, measured.labelled),
        categories=[_score(quality, measured) for quality in measured.categories],
        confusion=measured.matrix,
    )


def _score(quality: CategoryQuality, measured: Accuracy) -> CategoryScore:
    row = next((row for row in measured.matrix if row.expected == quality.category), None)
    right = row.given.get(quality.category, 0) if row is not None else 0
    return CategoryScore(
        quality.category,
        quality.expected,
        quality.given,
        quality.precision,
        quality.recall,
        # The harmonic mean of precision and recall.
        2 * right / (quality.expected + quality.given),
    )
