"""The services that can answer, by their name in the settings. A new one is a folder beside this file and a line here."""

from collections.abc import Callable

from batch_classifier.inference.bedrock.batch_inference import BedrockInference
from batch_classifier.inference.interface import Inference
from batch_classifier.inference.local.local_inference import LocalInference
from batch_classifier.settings import Settings

INFERENCES: dict[str, Callable[[Settings], Inference]] = {
    "local": LocalInference.from_settings,
    "bedrock": BedrockInference.from_settings,
}


def open_inference(settings: Settings) -> Inference:
    """The service that a deployment's settings choose. Nothing is connected to yet."""
    return INFERENCES[settings.inference_kind](settings)
