"""How good a prompt's trained model is, as far as the texts that it was trained on can tell: each judged as if it were new."""

from collections.abc import Sequence
from dataclasses import dataclass

from batch_classifier.evaluation.scores import Scores, scores_of
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.training.calibration import Calibration, calibration_of
from batch_classifier.training.learning_curve import CurvePoint, judged_texts, learning_curve
from batch_classifier.training.local_model import LocalModel
from batch_classifier.training.train_prompt import Trained
from batch_classifier.training.training_texts import Origin


@dataclass(frozen=True)
class ModelReport:
    """What there is to say of a trained model.

    Attributes:
        model: the model.
        by_people: whether it was judged by what people said; else there are a model's answers only, and the scores say how often
            it agrees with them.
        scores: of each text by the head that has not seen it.
        calibration: what these heads said of themselves.
        curve: accuracy by the number of texts.
    """

    model: LocalModel
    by_people: bool
    scores: Scores
    calibration: Calibration
    curve: Sequence[CurvePoint]


def report_on(prompt: Prompt, trained: Trained) -> ModelReport:
    """Judge a model that was just trained."""
    import numpy as np

    model, texts = trained.model, judged_texts(trained.training.texts)
    shares = np.exp(model.out_of_fold([text.text_id for text in texts], [text.text for text in texts]))
    given = [model.classes[place] for place in shares.argmax(axis=1).tolist()]
    expected = [text.class_name for text in texts]
    return ModelReport(
        model,
        by_people=any(text.origin is not Origin.MODEL_ANSWER for text in texts),
        scores=scores_of(zip(expected, given, strict=True), model.classes),
        calibration=calibration_of(
            shares.max(axis=1).tolist(), [one == other for one, other in zip(expected, given, strict=True)]
        ),
        curve=learning_curve(prompt, model, trained.training.texts),
    )
