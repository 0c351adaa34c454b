"""The inference service that the settings choose. A new one is a folder beside this file, a line here, and its name in the settings."""

from collections.abc import Callable

from batch_classifier.inference.interface import Inference
from batch_classifier.settings import Settings
from batch_classifier.storage.open_folder import open_folder


def open_inference(settings: Settings) -> Inference:
    """Who answers in a deployment. Nothing is connected to yet."""
    return INFERENCES[settings.inference_kind](settings)


def _local(settings: Settings) -> Inference:
    from batch_classifier.inference.local.local_inference import LocalInference

    return LocalInference(open_folder(settings.internal_location, settings.kms_key_id), settings.home)


def _bedrock(settings: Settings) -> Inference:
    from batch_classifier.inference.bedrock.batch_inference import BedrockInference

    return BedrockInference(
        open_folder(settings.internal_location, settings.kms_key_id),
        settings.bedrock_role_arn,
        max_jobs=settings.bedrock_max_jobs,
        on_demand_concurrency=settings.on_demand_concurrency,
        timeout_hours=settings.bedrock_timeout_hours,
        poll_seconds=settings.bedrock_poll_seconds,
    )


INFERENCES: dict[str, Callable[[Settings], Inference]] = {"local": _local, "bedrock": _bedrock}
