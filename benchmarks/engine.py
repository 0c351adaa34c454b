"""The local engine measured: `python -m benchmarks.engine` prints its part of benchmarks/results.md, which `make bench` writes.

Right classes by number of examples, confidence, strangers, speed and memory, beside the plain way with scikit-learn: TF-IDF of words
with a linear SVM, on the same texts.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from batch_classifier.answers.reliability import ConfidenceCount, reliability_of
from batch_classifier.inference.local.embeddings import MODEL_ID, EmbeddingClassifier
from batch_classifier.language.trained_head import TrainedHead
from benchmarks.engine_texts import Labelled, greeted, labelled, long_texts, sample_prompt, topics

_PROMPTS = ("travel", "lost_deals")
_EXAMPLES = (0, 5, 10)
_ROWS, _LEARNING, _STRANGERS = 1_000, 2_000, 300
_SPEED_ROWS = {"calls": 10_000, "notes": 5_000, "long": 6_000}
_ROOT = Path(__file__).parent.parent


def measured() -> str:
    """The section of results.md."""
    return "\n\n".join(
        [f"### What the local engine gets right\n\n{MODEL_ID}; `python -m benchmarks.engine`.", _accuracy(), _speed()]
    )


def _accuracy() -> str:
    lines = [
        f"Of {_ROWS:,} generated texts the share that gets its class, with so many generated texts of each category as examples beside its "
        f"description; all is {_LEARNING:,} labelled ones, which train the model alone that `local_model` trains. ECE is the expected "
        "calibration error. Strangers are "
        f"{_STRANGERS} texts of the other prompt: the share that ends in the fallback.\n",
        "| texts | examples | right | right, greeted | right, not greeted | ECE | strangers found | TF-IDF and linear SVM |",
        f"|{' --- |' * 8}",
    ]
    for name in _PROMPTS:
        prompt = sample_prompt(name)
        rows, learning = labelled(prompt, _ROWS), labelled(prompt, _LEARNING, to_learn=True)
        other = next(one for one in _PROMPTS if one != name)
        strangers = [row.text for row in labelled(sample_prompt(other), _STRANGERS)]
        for each in _EXAMPLES:
            known = topics(prompt, learning, each)
            engine = EmbeddingClassifier(known, prompt.fallback.name)
            plain = [Labelled(text, topic.name) for topic in known for text in (topic.description, *topic.examples)]
            verdicts = engine.classify(strangers)
            cells = [
                name,
                str(each),
                *(f"{_right(engine, some):.3f}" for some in (rows, greeted(rows, True), greeted(rows, False))),
                f"{_calibration(engine, rows):.3f}",
                f"{np.mean([verdict.category == prompt.fallback.name for verdict in verdicts]):.2f}",
                f"{_svm(plain, rows):.3f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
        names = list(prompt.class_names)
        head = TrainedHead([row.text for row in learning], [names.index(row.label) for row in learning], len(names))
        found = head.log_shares([row.text for row in rows]).argmax(axis=1)
        right = np.mean([names[place] == row.label for place, row in zip(found, rows, strict=True)])
        lines.append(f"| {name} | all | {right:.3f} | | | | | {_svm(learning, rows):.3f} |")
    return "\n".join(lines)


def _right(engine: EmbeddingClassifier, rows: Sequence[Labelled]) -> float:
    verdicts = engine.classify([row.text for row in rows])
    return float(np.mean([verdict.category == row.label for verdict, row in zip(verdicts, rows, strict=True)]))


def _calibration(engine: EmbeddingClassifier, rows: Sequence[Labelled]) -> float:
    verdicts = engine.classify([row.text for row in rows])
    counts = [
        ConfidenceCount(row.label, verdict.category, min(int(verdict.confidence * 10), 9), 1, verdict.confidence)
        for verdict, row in zip(verdicts, rows, strict=True)
    ]
    reliability = reliability_of(counts, engine.names)
    return reliability.error if reliability else float("nan")


def _svm(learning: Sequence[Labelled], rows: Sequence[Labelled]) -> float:
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    model = LinearSVC().fit(words.fit_transform([row.text for row in learning]), [row.label for row in learning])
    found = model.predict(words.transform([row.text for row in rows]))
    return float(np.mean([said == row.label for said, row in zip(found, rows, strict=True)]))


def _speed() -> str:
    lines = [
        "One process each, with the prompt's own examples; seconds of CPU, and the peak of the process with all that it imports. The SVM is "
        "trained on as many texts as the prompt has examples.\n",
        "| texts | words each | rows a CPU second | peak MB | TF-IDF and linear SVM: rows a CPU second |",
        f"|{' --- |' * 5}",
    ]
    for what in _SPEED_ROWS:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.engine", what], cwd=_ROOT, capture_output=True, text=True, check=True
        )
        told = json.loads(done.stdout.splitlines()[-1])
        lines.append(
            f"| {what} | {told['words']:,.0f} | {told['rate']:,.0f} | {told['peak_mb']:,.0f} | {told['svm_rate']:,.0f} |"
        )
    return "\n".join(lines)


def _one_speed(what: str) -> dict[str, float]:
    prompt = sample_prompt("travel" if what == "calls" else "lost_deals")
    rows = labelled(prompt, _SPEED_ROWS[what])
    texts = long_texts(rows) if what == "long" else [row.text for row in rows]
    engine = EmbeddingClassifier(prompt.categories, prompt.fallback.name, prompt.fallback.strictness)
    begun = time.process_time()
    engine.classify(texts)
    seconds = time.process_time() - begun
    peak = _peak_mb()
    learning = [(text, category.name) for category in prompt.categories for text in category.examples]
    words = TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2))
    model = LinearSVC().fit(words.fit_transform([text for text, _ in learning]), [name for _, name in learning])
    begun = time.process_time()
    model.predict(words.transform(texts))
    return {
        "words": float(np.mean([len(text.split()) for text in texts])),
        "rate": len(texts) / seconds,
        "peak_mb": peak,
        "svm_rate": len(texts) / (time.process_time() - begun),
    }


def _peak_mb() -> float:
    """The most memory that this process had; the peak that `resource` tells may be that of the process that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """All of it, or the speed on one kind of texts."""
    if len(sys.argv) > 1:
        print(json.dumps(_one_speed(sys.argv[1])))
    else:
        print(measured())


if __name__ == "__main__":
    main()
