"""The inference service that the settings choose. A new one is a folder beside this file, a line here, and its name in the settings."""

from collections.abc import Callable

from batch_classifier.inference.interface import Inference
from batch_classifier.settings import Settings


def open_inference(settings: Settings) -> Inference:
    """Who answers in a deployment. Nothing is connected to yet."""
    return INFERENCES[settings.inference_kind](settings)


def _local(settings: Settings) -> Inference:
    from batch_classifier.inference.local.local_inference import LocalInference

    return LocalInference.from_settings(settings)


def _bedrock(settings: Settings) -> Inference:
    from batch_classifier.inference.bedrock.batch_inference import BedrockInference

    return BedrockInference.from_settings(settings)


INFERENCES: dict[str, Callable[[Settings], Inference]] = {"local": _local, "bedrock": _bedrock}
