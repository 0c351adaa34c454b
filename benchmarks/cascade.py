"""The cascade on 20,000 generated calls in files of 1,000: what is sent, and how often a file's promise is broken.

    python -m benchmarks.cascade --seeds 100

A stand-in model is wrong in 3% of the texts, and in 1% answers otherwise each time it is asked. The decision is the project's own
(`batch_classifier/cascade/certificate.py`), and so is the local model's head; the pipeline around them is left out. The head is
trained on the stand-in's answers to other texts, a few times, and not anew for each file and seed, which would take hours: so all
texts are new to it, as they are to the heads of the folds. The features' vocabulary is made of all texts: it knows no class.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from batch_classifier.cascade.certificate import Promise, certify, cuts_of
from batch_classifier.language.logistic_regression import fit
from batch_classifier.language.text_features import TextFeatures
from batch_classifier.language.word_vectors import one_thread
from batch_classifier.sample_data.generate import sample_rows

TEXTS, IN_A_FILE, SAMPLE, AUDIT = 20_000, 1_000, 500, 0.05
PROMISE = Promise(agreement=0.98, confidence=0.95)
WRONG, CONTRADICTING = 0.03, 0.01
LEARNED, TRAININGS = 1_000, 4

DESCRIPTION = (
    f"{TEXTS:,} distinct generated calls in files of {IN_A_FILE:,}, `cascade: {{{{}}}}`, with a stand-in model that is wrong in "
    f"{WRONG:.0%} and in {CONTRADICTING:.0%} answers otherwise each time; {{seeds}} seeds (`python -m benchmarks.cascade`)."
)

Whole = NDArray[np.int64]


@dataclass
class Outcome:
    """What came of all files with one seed.

    Attributes:
        sent: share of the texts that the model was asked.
        agreement: share of the answers, of all files, that the model would have given.
        broken: how many of the files have a smaller share than was promised.
        right: share of the answers that are the labels.
        model_right: the same of the model's own answers.
    """

    sent: float
    agreement: float
    broken: int
    right: float
    model_right: float
    of_files: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Judged:
    """What a trained head says of all texts: the class and how sure it is."""

    classes: Whole
    sure: NDArray[np.float64]


def train(features: Any, labels: Whole, learned: int, seed: int) -> tuple[Judged, Whole]:
    """Train a head on the stand-in's answers to so many of the texts; returns what it says of the others, and which they are."""
    chance = np.random.default_rng(seed)
    order, categories = chance.permutation(len(labels)), int(labels.max()) + 1
    known, others = order[:learned], np.sort(order[learned:])
    answers = _otherwise(labels, chance.random(len(labels)) < WRONG + CONTRADICTING, categories, chance)
    with one_thread():
        head = fit(features[known], answers[known])
        said = head.log_shares(features[others])
    return Judged(head.classes[said.argmax(axis=1)], said.max(axis=1)), others


def simulate(judged: Judged, labels: Whole, seed: int, files: int, wrong: float = WRONG) -> Outcome:
    """Take the judged texts through the cascade, file after file, in an order that the seed makes."""
    chance = np.random.default_rng(seed)
    texts, categories = len(labels), int(labels.max()) + 1
    usual = _otherwise(labels, chance.random(texts) < wrong, categories, chance)
    asked = _otherwise(usual, chance.random(texts) < CONTRADICTING, categories, chance)
    would_say = _otherwise(usual, chance.random(texts) < CONTRADICTING, categories, chance)
    answers, drawn = asked.copy(), np.zeros(texts, bool)
    sent, of_files = 0, []
    for number, of_file in enumerate(np.array_split(chance.permutation(texts), files)):
        is_drawn = chance.random(len(of_file)) < AUDIT
        if number == 0:
            is_drawn |= np.arange(len(of_file)) < SAMPLE
            drawn[of_file[is_drawn]] = True
        certified = certify(
            cuts_of(judged.sure[of_file]),
            len(of_file),
            judged.sure[drawn],
            judged.classes[drawn] == asked[drawn],
            PROMISE,
            is_of_file=number == 0,
        ).certified
        least = certified.cut.least_confidence if certified else np.inf
        is_local = (judged.sure[of_file] >= least) & ~is_drawn
        answers[of_file[is_local]] = judged.classes[of_file[is_local]]
        drawn[of_file[is_drawn]] = True
        sent += int((~is_local).sum())
        # What the model answers itself is its answer.
        of_files.append(float(np.where(is_local, answers[of_file] == would_say[of_file], True).mean()))
    return Outcome(
        sent=sent / texts,
        agreement=float(np.mean(of_files)),
        broken=sum(one < PROMISE.agreement for one in of_files),
        right=float((answers == labels).mean()),
        model_right=float((asked == labels).mean()),
        of_files=of_files,
    )


def _otherwise(classes: Whole, where: NDArray[np.bool_], categories: int, chance: np.random.Generator) -> Whole:
    """The classes, but another one by chance where it says so."""
    other = (classes + chance.integers(1, categories, len(classes))) % categories
    return np.where(where, other, classes)


def calls() -> tuple[Any, Whole]:
    """Features and classes of distinct generated calls."""
    texts: dict[str, str] = {}
    for row in sample_rows("travel", 2 * TEXTS, seed=11):
        texts.setdefault(row["conversation"], row["class"])
        if len(texts) == TEXTS + LEARNED:
            break
    names = sorted(set(texts.values()))
    return TextFeatures(list(texts), 2, 100_000).taught, np.array([names.index(name) for name in texts.values()])


def table(outcomes: Sequence[Outcome], files: int) -> str:
    """The outcomes of all seeds, as a table for people."""
    total = files * len(outcomes)
    broken = sum(one.broken for one in outcomes)
    of_files = [agreement for one in outcomes for agreement in one.of_files]
    rows = [
        ("texts sent to the model", f"{np.mean([one.sent for one in outcomes]):.1%}"),
        (
            "answers that are the model's, promised",
            f"{PROMISE.agreement:.0%} of each file, in {PROMISE.confidence:.0%}",
        ),
        ("the same, had", f"{np.mean([one.agreement for one in outcomes]):.2%}"),
        (
            "files below the promise",
            f"{broken:,} of {total:,} ({broken / total:.1%}); the worst had {min(of_files):.1%}",
        ),
        (
            "seeds whose 20,000 texts are below it",
            f"{sum(one.agreement < PROMISE.agreement for one in outcomes)} of {len(outcomes)}",
        ),
        ("right by the labels, cascade", f"{np.mean([one.right for one in outcomes]):.2%}"),
        ("right by the labels, model alone", f"{np.mean([one.model_right for one in outcomes]):.2%}"),
    ]
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows)])


def measure(seeds: int) -> str:
    """Run it with so many seeds; returns the table."""
    features, labels = calls()
    files = TEXTS // IN_A_FILE
    trained = [train(features, labels, LEARNED, seed) for seed in range(min(TRAININGS, seeds))]
    outcomes = []
    for seed in range(seeds):
        judged, others = trained[seed % len(trained)]
        outcomes.append(simulate(judged, labels[others], seed, files))
    return table(outcomes, files)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cascade")
    parser.add_argument("--seeds", type=int, default=100)
    print(measure(parser.parse_args().seeds))
