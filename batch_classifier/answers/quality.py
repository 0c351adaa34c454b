"""How good the classes are, where a request file brings the expected ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from batch_classifier.answers.labels import Labels


@dataclass(frozen=True)
class Accuracy:
    """Accuracy over the labelled requests; one row a category with precision and recall; the confusion matrix."""

    labelled: int
    correct: int
    categories: list[dict]
    matrix: list[dict]
    unknown_labels: list[str]

    @property
    def accuracy(self) -> float:
        """Share of the labelled requests that got the expected class, 0 to 1."""
        return self.correct / self.labelled


def accuracy_of(counts: Sequence[dict], names: Sequence[str]) -> Accuracy | None:
    """Measure from counts by expected_class and class (None: no class); None when there is no label.

    A label is a category also when it is spelled a little differently; a label of no category counts as wrong.
    """
    if not counts:
        return None
    labels = Labels(names)
    cells: dict[tuple[str, str | None], int] = {}
    unknown: dict[str, None] = {}
    for row in counts:
        match = labels.match(row["expected_class"])
        expected = match.name if match.how in ("exact", "spelling") else None
        if expected is None:
            unknown[row["expected_class"]] = None
        cell = (expected or row["expected_class"], row["class"])
        cells[cell] = cells.get(cell, 0) + row["requests"]
    known = [*names, *unknown]
    categories = [_category(name, cells) for name in known if any(name in cell for cell in cells)]
    given = [name for name in [*names, None] if any(cell[1] == name for cell in cells)]
    matrix = [
        {"expected": name, **{column or "(no class)": cells.get((name, column), 0) for column in given}}
        for name in known
        if any(cell[0] == name for cell in cells)
    ]
    correct = sum(count for (expected, got), count in cells.items() if expected == got)
    return Accuracy(sum(cells.values()), correct, categories, matrix, list(unknown))


def _category(name: str, cells: dict[tuple[str, str | None], int]) -> dict:
    correct = cells.get((name, name), 0)
    expected = sum(count for cell, count in cells.items() if cell[0] == name)
    given = sum(count for cell, count in cells.items() if cell[1] == name)
    return {
        "category": name,
        "expected": expected,
        "given": given,
        "precision": correct / given if given else None,
        "recall": correct / expected if expected else None,
    }
