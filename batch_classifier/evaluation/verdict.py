"""What a comparison comes to, in one sentence: better, worse, alike, or too few labels to say and how many would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from batch_classifier.evaluation.intervals import CONFIDENCE, Interval
from batch_classifier.evaluation.paired import PairedCounts, holm, labels_needed
from batch_classifier.wording import counted

# Where no difference was seen, the numbers of labels are told that would show one of this size: two points.
_WORTH_SEEING = 0.02


class Outcome(StrEnum):
    """What is known of the second of two, beside the first."""

    BETTER = "better"
    WORSE = "worse"
    ALIKE = "alike"
    TOO_FEW_LABELS = "too_few_labels"


@dataclass(frozen=True)
class Verdict:
    """A comparison of the variant `second` with `first`.

    Attributes:
        p_value: of McNemar's test, adjusted where several variants were compared.
        difference: the second's accuracy less the first's, with its interval.
        labels_needed: how many labels would probably tell; None where these have told.
        sentence: all that for a person.
    """

    first: str
    second: str
    counts: PairedCounts
    outcome: Outcome
    p_value: float
    difference: float
    interval: Interval
    labels_needed: int | None
    sentence: str


def verdicts(first: str, others: Sequence[tuple[str, PairedCounts]]) -> list[Verdict]:
    """Compare each of several variants, given with its counts beside the first one, with that."""
    adjusted = holm([counts.p_value() for _, counts in others])
    return [_verdict(first, second, counts, p) for (second, counts), p in zip(others, adjusted, strict=True)]


def _verdict(first: str, second: str, counts: PairedCounts, p_value: float) -> Verdict:
    outcome = _outcome(counts, p_value)
    needed = _needed(counts) if outcome in (Outcome.ALIKE, Outcome.TOO_FEW_LABELS) else None
    return Verdict(
        first=first,
        second=second,
        counts=counts,
        outcome=outcome,
        p_value=p_value,
        difference=counts.difference,
        interval=counts.difference_interval(),
        labels_needed=needed,
        sentence=_sentence(first, second, counts, outcome, p_value, needed),
    )


def _outcome(counts: PairedCounts, p_value: float) -> Outcome:
    if counts.discordant == 0:
        return Outcome.ALIKE
    if p_value > 1 - CONFIDENCE:
        return Outcome.TOO_FEW_LABELS
    return Outcome.BETTER if counts.difference > 0 else Outcome.WORSE


def _needed(counts: PairedCounts) -> int:
    needed = labels_needed(counts.discordant / counts.texts, counts.difference or _WORTH_SEEING)
    # To the next ten, for it is an estimate; these labels were too few, whatever it says.
    return -(-max(needed, counts.texts + 1) // 10) * 10


def _sentence(
    first: str, second: str, counts: PairedCounts, outcome: Outcome, p_value: float, needed: int | None
) -> str:
    rates = (
        f"{_share(counts.both + counts.only_second, counts)} against {_share(counts.both + counts.only_first, counts)} right "
        f"on the same {counted(counts.texts, 'text')}"
    )
    if outcome is Outcome.ALIKE:
        return (
            f"{second} is right on the same texts as {first}: {rates}; about {needed:,} labels would show a difference of "
            f"{_WORTH_SEEING * 100:.0f} points."
        )
    low, high = counts.difference_interval()
    found = (
        f"{rates}, a difference of {counts.difference * 100:+.1f} points "
        f"(95% interval {low * 100:+.1f} to {high * 100:+.1f}, {_p(p_value)})"
    )
    if outcome is not Outcome.TOO_FEW_LABELS:
        return f"{second} is {outcome} than {first}: {found}."
    would_do = (
        f"if the difference is what it looks like, about {needed:,} labels would do"
        if counts.difference
        else f"about {needed:,} labels would show a difference of {_WORTH_SEEING * 100:.0f} points"
    )
    return f"Too few labels to say whether {second} is better or worse than {first}: {found}; {would_do}."


def _share(right: int, counts: PairedCounts) -> str:
    return f"{right / counts.texts:.1%}"


def _p(p_value: float) -> str:
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
