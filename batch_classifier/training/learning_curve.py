"""How much better a model gets with more texts: trained on some, then on more, and judged on the same unseen ones each time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batch_classifier.language.word_vectors import one_thread
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.training.local_model import LocalModel, fold_of
from batch_classifier.training.train import head_of
from batch_classifier.training.training_texts import Origin, TrainingText

if TYPE_CHECKING:
    from batch_classifier.language.trained_head import TrainedHead

_SIZES = (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
# Each costs a training; the largest are what people want to see the end of.
_MOST_POINTS = 5


@dataclass(frozen=True)
class CurvePoint:
    """Trained on `texts`, the model was right on `right` of `judged` others."""

    texts: int
    right: int
    judged: int


def learning_curve(prompt: Prompt, model: LocalModel, texts: Sequence[TrainingText]) -> list[CurvePoint]:
    """Points with more and more texts, the last with all but one fold, which is judged; none where that fold has no text.

    Answers of a model are learned from, and not judged by, where people have said anything.
    """
    folds = len(model.folds)
    judged = judged_texts([text for text in texts if fold_of(text.text_id, folds) == 0])
    rest = [text for text in texts if fold_of(text.text_id, folds) != 0]
    if not judged:
        return []
    points = []
    with one_thread():
        for size in [size for size in _SIZES if size < len(rest)][-_MOST_POINTS:]:
            points.append(_point(head_of(prompt, rest[:size]), model, size, judged))
        points.append(_point(model.folds[0], model, len(rest), judged))
    return points


def judged_texts(texts: Sequence[TrainingText]) -> list[TrainingText]:
    """The texts whose class people have said; all where there are none of these."""
    of_people = [text for text in texts if text.origin is not Origin.MODEL_ANSWER]
    return of_people or list(texts)


def _point(head: "TrainedHead", model: LocalModel, size: int, judged: Sequence[TrainingText]) -> CurvePoint:
    given = head.log_shares([text.text for text in judged]).argmax(axis=1).tolist()
    right = sum(model.classes[place] == text.class_name for place, text in zip(given, judged, strict=True))
    return CurvePoint(size, right, len(judged))
