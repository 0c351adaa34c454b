"""`python -m benchmarks.local_model`: what labels bring, on generated calls and notes, beside a linear SVM on TF-IDF in the same run.

Prints a table: the prompt's examples and so many labels, of which a twentieth is wrong, judged on texts of another seed.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from batch_classifier.inference.local.embeddings import EmbeddingClassifier
from batch_classifier.inference.local.taught import LocalEngine, Taught, taught_of
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.sample_data.generate import sample_rows
from batch_classifier.settings import load_settings
from batch_classifier.training.calibration import calibration_of
from batch_classifier.training.train import train
from batch_classifier.training.training_texts import Origin, TrainingText, TrainingTexts, examples_of

_WRONG = 0.05
_TRAINING_SEED, _JUDGED_SEED = 7, 11


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.local_model", description=__doc__)
    parser.add_argument("--labels", type=int, nargs="+", default=[0, 50, 200, 1_000])
    parser.add_argument("--judged", type=int, default=500, help="texts that are judged")
    options = parser.parse_args()
    prompts = load_prompts(load_settings().prompts)
    print("| prompt | labels | engine | model alone | engine with it | its calibration error | linear SVM on TF-IDF |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in ("travel", "lost_deals"):
        for labels in options.labels:
            print(_row(prompts.get(name), labels, options.judged), flush=True)


def _row(prompt: Prompt, labels: int, judged: int) -> str:
    new = _labelled(prompt, judged, _JUDGED_SEED)
    texts, expected = [text for text, _ in new], [name for _, name in new]
    training = _training(prompt, labels)
    model = train(prompt, training)
    alone = [model.classes[place] for place in model.log_shares(texts).argmax(axis=1).tolist()]
    taught = taught_of(prompt, replace(model, engine=LocalEngine().learn(prompt, model, training.texts)))
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    svm = LinearSVC().fit(
        vectors.fit_transform([text.text for text in training.texts]), [text.class_name for text in training.texts]
    )
    engine, _ = _judged_by(prompt, None, texts, expected)
    with_model, error = _judged_by(prompt, taught, texts, expected)
    figures = [
        engine,
        f"{_share(alone, expected):.3f}",
        with_model,
        error,
        f"{_share(svm.predict(vectors.transform(texts)).tolist(), expected):.3f}",
    ]
    return f"| {prompt.name} | {labels:,} | {' | '.join(figures)} |"


def _judged_by(prompt: Prompt, taught: Taught | None, texts: Sequence[str], expected: Sequence[str]) -> tuple[str, str]:
    engine = EmbeddingClassifier(prompt.categories, prompt.fallback.name, prompt.fallback.strictness, taught)
    verdicts = engine.classify(texts)
    are_right = [verdict.category == name for verdict, name in zip(verdicts, expected, strict=True)]
    error = calibration_of([verdict.confidence for verdict in verdicts], are_right).error
    return f"{np.mean(are_right):.3f}", f"{error:.3f}"


def _share(given: Sequence[str], expected: Sequence[str]) -> float:
    return sum(one == other for one, other in zip(given, expected, strict=True)) / len(expected)


def _labelled(prompt: Prompt, number: int, seed: int) -> list[tuple[str, str]]:
    return [
        (row[prompt.input.text], row[prompt.input.label or "expected_class"])
        for row in sample_rows(prompt.name, number, seed)
    ]


def _training(prompt: Prompt, labels: int) -> TrainingTexts:
    chance = random.Random(1)
    found = {text.text_id: text for text in examples_of(prompt)}
    for text, name in _labelled(prompt, labels, _TRAINING_SEED) if labels else []:
        others = [other for other in prompt.class_names if other != name]
        said = chance.choice(others) if chance.random() < _WRONG else name
        found[text_id(text)] = TrainingText(text_id(text), text, said, Origin.LABEL)
    return TrainingTexts([found[key] for key in sorted(found)])


if __name__ == "__main__":
    main()
