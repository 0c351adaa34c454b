"""The models that the emulated account can use, and how Bedrock answers to an identifier that it does not take."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from batch_classifier_tests.emulators.service_errors import BedrockError

REGION_PREFIX = re.compile(r"^(us|us-gov|eu|apac|jp|au|ca|sa|global)\.(?=[a-z0-9-]+\.)")


class Family(StrEnum):
    """Models that share the shape of their requests and answers."""

    CLAUDE = "claude"
    NOVA = "nova"
    LLAMA = "llama"
    MISTRAL = "mistral"


@dataclass(frozen=True)
class EmulatedModel:
    """One foundation model.

    `needs_profile` models refuse their bare id: the caller has to name an inference profile (`us.anthropic…`).
    `takes_schema` models support structured outputs.
    """

    model_id: str
    family: Family
    has_batch: bool = True
    needs_profile: bool = False
    takes_schema: bool = False


DEFAULT_MODELS = (
    EmulatedModel("anthropic.claude-3-haiku-20240307-v1:0", Family.CLAUDE),
    EmulatedModel("anthropic.claude-3-5-haiku-20241022-v1:0", Family.CLAUDE),
    EmulatedModel("anthropic.claude-3-5-sonnet-20240620-v1:0", Family.CLAUDE),
    EmulatedModel("anthropic.claude-haiku-4-5-20251001-v1:0", Family.CLAUDE, needs_profile=True, takes_schema=True),
    EmulatedModel("anthropic.claude-sonnet-4-5-20250929-v1:0", Family.CLAUDE, needs_profile=True, takes_schema=True),
    EmulatedModel("anthropic.claude-sonnet-4-6", Family.CLAUDE, needs_profile=True, takes_schema=True),
    EmulatedModel("anthropic.claude-opus-4-1-20250805-v1:0", Family.CLAUDE, has_batch=False, needs_profile=True),
    EmulatedModel("amazon.nova-micro-v1:0", Family.NOVA),
    EmulatedModel("amazon.nova-lite-v1:0", Family.NOVA),
    EmulatedModel("amazon.nova-pro-v1:0", Family.NOVA),
    EmulatedModel("meta.llama3-1-8b-instruct-v1:0", Family.LLAMA),
    EmulatedModel("meta.llama3-3-70b-instruct-v1:0", Family.LLAMA, needs_profile=True),
    EmulatedModel("mistral.mistral-small-2402-v1:0", Family.MISTRAL),
    EmulatedModel("mistral.mistral-large-2407-v1:0", Family.MISTRAL),
)


class ModelCatalog:
    """Finds a model by any identifier that Bedrock takes: id, inference profile, or the ARN of either.

    `application_profiles` maps the last part of an application inference profile's ARN to a model id.
    """

    def __init__(
        self,
        models: Iterable[EmulatedModel] = DEFAULT_MODELS,
        application_profiles: Mapping[str, str] | None = None,
    ) -> None:
        self._models = {model.model_id: model for model in models}
        self._application_profiles = dict(application_profiles or {})

    def find(self, identifier: str) -> EmulatedModel:
        """The model of an identifier; raises the error that Bedrock answers with for any other."""
        name = identifier.rsplit("/", 1)[-1]
        named_by_application = self._application_profiles.get(name)
        model_id = named_by_application or REGION_PREFIX.sub("", name)
        model = self._models.get(model_id)
        if model is None:
            raise BedrockError("ValidationException", "The provided model identifier is invalid.")
        if model.needs_profile and model_id == name:
            raise BedrockError(
                "ValidationException",
                f"Invocation of model ID {model_id} with on-demand throughput isn\u2019t supported. Retry your request "
                "with the ID or ARN of an inference profile that contains this model.",
            )
        return model

    def find_for_batch(self, identifier: str) -> EmulatedModel:
        """Like `find`, for a batch job: the model also has to have batch inference."""
        model = self.find(identifier)
        if not model.has_batch:
            raise BedrockError("ValidationException", "Batch inference is not supported for the requested model.")
        return model
