"""What Bedrock says about a model: whether it may be used, how, and for how long."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from moto.bedrock.responses import BedrockResponse
from moto.core.responses import ActionResult, BaseResponse

from batch_classifier_tests.emulators.service_errors import BedrockError

MODEL = "anthropic.claude-3-haiku-20240307-v1:0"


@dataclass
class Access:
    """What Bedrock says about a model."""

    agreement: str = "AVAILABLE"
    types: tuple[str, ...] = ("ON_DEMAND",)
    lifecycle: str = "ACTIVE"
    refusal: str | None = None

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give moto's Bedrock the operations, which it does not have."""
        answers: dict[str, Callable[[], dict[str, Any]]] = {
            "get_foundation_model": self._describe,
            "get_foundation_model_availability": self._availability,
            "get_inference_profile": lambda: {
                "models": [{"modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"}]
            },
        }
        for name, answer in answers.items():
            monkeypatch.setattr(BedrockResponse, name, self._method(answer), raising=False)

    def _method(self, answer: Callable[[], dict[str, Any]]) -> Callable[[BaseResponse], ActionResult]:
        def method(response: BaseResponse) -> ActionResult:
            if self.refusal:
                raise BedrockError(self.refusal, "no")
            return ActionResult(answer())

        return method

    def _describe(self) -> dict[str, Any]:
        details = {
            "modelId": MODEL,
            "inferenceTypesSupported": self.types,
            "modelLifecycle": {"status": self.lifecycle},
        }
        return {"modelDetails": details}

    def _availability(self) -> dict[str, Any]:
        return {
            "modelId": MODEL,
            "agreementAvailability": {"status": self.agreement},
            "authorizationStatus": "AUTHORIZED",
            "entitlementAvailability": "AVAILABLE",
            "regionAvailability": "AVAILABLE",
        }
