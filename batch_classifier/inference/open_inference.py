"""The services that can answer, by their name in the settings. A new one is a folder beside this file, a line here, and its name there."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from batch_classifier.inference.bedrock.batch_inference import BedrockInference
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.local.local_inference import LocalInference
from batch_classifier.settings import Settings

if TYPE_CHECKING:
    from batch_classifier.training.train_prompt import Follower

# The classes import their libraries when they are used, so that nobody needs those of a service that is not chosen.
INFERENCES: dict[str, Callable[[Settings], Inference]] = {
    "local": LocalInference.from_settings,
    "bedrock": BedrockInference.from_settings,
}


def open_inference(settings: Settings) -> Inference:
    """Who answers in a deployment. Nothing is connected to yet."""
    return INFERENCES[settings.inference_kind](settings)


def follower_of_models() -> "Follower":
    """Who classifies with the prompts' trained models, whichever service answers just now."""
    from batch_classifier.inference.local.taught import LocalEngine

    return LocalEngine()
