"""Whether confidence means what it says, where a request file brings the expected classes: of those at 0.8, are 0.8 right?"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from batch_classifier.answers.labels import Labels
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.training.calibration import Bin, Calibration
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse


class ConfidenceCount(NamedTuple):
    """How many requests were expected to get a class (as the file spells it) and got one, in one tenth of confidence.

    `confidence` is the sum of theirs.
    """

    expected_class: str
    class_name: str | None
    tenth: int
    requests: int
    confidence: float


def measure_reliability(warehouse: Warehouse, prompt: Prompt, request_file: str) -> Calibration | None:
    """What confidence is worth in a request file's classifications; None where no labelled one has any."""
    rows = warehouse.query(prompt.name, queries.reliability(warehouse, prompt, request_file))
    counts = [
        ConfidenceCount(row["expected_class"], row["class"], row["tenth"], row["requests"], row["confidence"])
        for row in rows
    ]
    return reliability_of(counts, prompt.class_names)


def reliability_of(counts: Iterable[ConfidenceCount], names: Sequence[str]) -> Calibration | None:
    """Measure from counts of labelled requests; None when there is none. Labels are read as for accuracy (`quality`)."""
    labels = Labels(names)
    requests, claimed, right = [0] * 10, [0.0] * 10, [0] * 10
    for count in counts:
        match = labels.match(count.expected_class)
        requests[count.tenth] += count.requests
        claimed[count.tenth] += count.confidence
        if match.how in ("exact", "spelling") and match.name == count.class_name:
            right[count.tenth] += count.requests
    if not any(requests):
        return None
    return Calibration(
        [
            Bin(tenth / 10, number, claimed[tenth] / number, right[tenth] / number)
            for tenth, number in enumerate(requests)
            if number
        ]
    )
