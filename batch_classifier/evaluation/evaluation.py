"""A whole evaluation: what each variant came to, and how the others compare with the first."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from batch_classifier.evaluation.measurement import Measurement, Mistake
from batch_classifier.evaluation.paired import PairedCounts
from batch_classifier.evaluation.verdict import Verdict, verdicts

NO_CLASS = "(no class)"


@dataclass(frozen=True)
class Failed:
    """A variant that could not be measured, and why."""

    title: str
    reason: str


@dataclass(frozen=True)
class Evaluation:
    """What is told of labelled texts.

    Attributes:
        file: the name of the labelled file.
        texts: how many labelled texts count.
        notes: sentences on rows that do not count.
        measurements: at least one; the first is the one that the others are compared with.
        failed: variants that could not be measured.
        mistakes: some texts that a variant has wrong, for people to look at.
        mistakes_in_all: how many such texts there are.
    """

    file: str
    texts: int
    notes: Sequence[str]
    measurements: Sequence[Measurement]
    failed: Sequence[Failed]
    mistakes: Sequence[Mistake]
    mistakes_in_all: int

    @property
    def verdicts(self) -> list[Verdict]:
        """The first variant beside each of the others."""
        first, *others = self.measurements
        return verdicts(first.title, [(other.title, PairedCounts.of(first.right, other.right)) for other in others])

    def to_json(self) -> dict[str, Any]:
        """All of it in values that JSON has, without the texts."""
        return {
            "file": self.file,
            "texts": self.texts,
            "notes": list(self.notes),
            "variants": [_variant(measurement) for measurement in self.measurements],
            "comparisons": [_comparison(verdict) for verdict in self.verdicts],
            "failed": [asdict(failed) for failed in self.failed],
            "mistakes": [
                {
                    "row_number": mistake.row_number,
                    "record_id": mistake.record_id,
                    "expected": mistake.expected,
                    "given": [
                        {"variant": measurement.title, "class": name}
                        for measurement, name in zip(self.measurements, mistake.given, strict=True)
                    ],
                }
                for mistake in self.mistakes
            ],
            "mistakes_in_all": self.mistakes_in_all,
        }


def _variant(measured: Measurement) -> dict[str, Any]:
    scores, usage = measured.scores, measured.usage
    return {
        "variant": measured.title,
        "prompt": measured.prompt,
        "prompt_version": measured.prompt_version,
        "model_id": measured.model_id,
        "inference": measured.engine,
        "right": scores.right,
        "accuracy": scores.accuracy,
        "accuracy_interval": list(scores.interval),
        "macro_f1": scores.macro_f1,
        "categories": [asdict(score) for score in scores.categories],
        "confusion": [
            {"expected": row.expected, "class": name, "texts": texts}
            for row in scores.confusion
            for name, texts in row.given.items()
            if texts
        ],
        "input_tokens_per_1000_texts": None if usage.tokens is None else usage.tokens.read,
        "output_tokens_per_1000_texts": None if usage.tokens is None else usage.tokens.written,
        "cost_usd_per_1000_texts": usage.cost_usd,
        "spent_usd": usage.spent_usd,
        "seconds": usage.seconds,
        "texts_asked": usage.asked,
        "texts_reused": usage.reused,
    }


def _comparison(verdict: Verdict) -> dict[str, Any]:
    return {
        "variant": verdict.second,
        "compared_with": verdict.first,
        "outcome": str(verdict.outcome),
        "both_right": verdict.counts.both,
        "only_this_right": verdict.counts.only_second,
        "only_the_other_right": verdict.counts.only_first,
        "neither_right": verdict.counts.neither,
        "accuracy_difference": verdict.difference,
        "accuracy_difference_interval": list(verdict.interval),
        "p_value": verdict.p_value,
        "labels_needed": verdict.labels_needed,
        "sentence": verdict.sentence,
    }
