"""Answers on demand: invoke_model, converse and count_tokens of bedrock-runtime, put into moto's response class."""

import json
import threading
from collections.abc import Callable
from typing import Any, Literal

from moto.bedrockruntime.responses import BedrockRuntimeResponse
from moto.core.responses import ActionResult, BaseResponse

from batch_classifier_tests.emulators.answering import Answered, Behaviour, answer_record, read_text
from batch_classifier_tests.emulators.bedrock_api import THROTTLED, read_parameters, refuse_expired_token
from batch_classifier_tests.emulators.calls import Calls, ModelCall
from batch_classifier_tests.emulators.faults import SeenRecord
from batch_classifier_tests.emulators.model_answers import count_tokens
from batch_classifier_tests.emulators.model_catalog import EmulatedModel
from batch_classifier_tests.emulators.model_requests import RecordRefused, read_request
from batch_classifier_tests.emulators.service_errors import BedrockError

ERROR_NAMES = {
    400: "ValidationException",
    403: "AccessDeniedException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}


class BedrockRuntimeApi:
    """Answers one request at a time; the counter of its position in record rules starts at 0."""

    def __init__(self, behaviour: Behaviour, calls: Calls, lock: threading.RLock) -> None:
        self._behaviour = behaviour
        self._calls = calls
        self._lock = lock
        self._originals: dict[str, Any] = {}

    def install(self) -> None:
        """Give moto's response class the three methods, in place of those that it may have."""
        for name, answer in self._operations().items():
            self._originals[name] = vars(BedrockRuntimeResponse).get(name)
            setattr(BedrockRuntimeResponse, name, self._make_method(answer))

    def uninstall(self) -> None:
        """Put moto's own methods back."""
        for name, original in self._originals.items():
            if original is None:
                delattr(BedrockRuntimeResponse, name)
            else:
                setattr(BedrockRuntimeResponse, name, original)

    def _operations(self) -> dict[str, Callable[[dict[str, Any]], ActionResult]]:
        return {
            "invoke_model": self._invoke_model,
            "converse": self._converse,
            "count_tokens": self._count_tokens,
        }

    def _make_method(self, answer: Callable[[dict[str, Any]], ActionResult]) -> Callable[[BaseResponse], ActionResult]:
        def method(response: BaseResponse) -> ActionResult:
            with self._lock:
                return answer(read_parameters(response))

        return method

    def _invoke_model(self, parameters: dict[str, Any]) -> ActionResult:
        answered = self._answer("invoke_model", "InvokeModel", parameters["modelId"], _read_body(parameters["body"]))
        return ActionResult({"body": json.dumps(answered.output), "contentType": "application/json"})

    def _converse(self, parameters: dict[str, Any]) -> ActionResult:
        model_input = {name: value for name, value in parameters.items() if name != "modelId" and value is not None}
        return ActionResult(self._answer("converse", "Converse", parameters["modelId"], model_input).output)

    def _count_tokens(self, parameters: dict[str, Any]) -> ActionResult:
        self._calls.token_counts += 1
        refuse_expired_token(self._behaviour, self._calls)
        model = self._behaviour.models.find(parameters["modelId"])
        asked = parameters["input"]
        try:
            if asked.get("converse") is not None:
                request = read_request(model, "Converse", asked["converse"])
            else:
                request = read_request(model, "InvokeModel", _read_body(asked["invokeModel"]["body"]))
        except RecordRefused as refusal:
            raise BedrockError("ValidationException", refusal.message) from None
        return ActionResult({"inputTokens": count_tokens(request.system, request.text)})

    def _answer(
        self, kind: Literal["invoke_model", "converse"], invocation_type: str, identifier: str, model_input: Any
    ) -> Answered:
        position = self._calls.on_demand
        self._calls.on_demand += 1
        refuse_expired_token(self._behaviour, self._calls)
        if self._behaviour.faults.use_up("throttled_answers"):
            raise BedrockError("ThrottlingException", THROTTLED)
        model: EmulatedModel = self._behaviour.models.find(identifier)
        text = read_text(model, invocation_type, model_input)
        seen = SeenRecord(position, None, text, model_input, None)
        try:
            answered = answer_record(self._behaviour, model, invocation_type, model_input, seen)
        except RecordRefused as refusal:
            self._calls.model.append(ModelCall(kind, text, model.model_id, is_answered=False))
            name = (
                ERROR_NAMES.get(refusal.code, "ValidationException") if isinstance(refusal.code, int) else refusal.code
            )
            raise BedrockError(name, refusal.message) from None
        self._calls.model.append(ModelCall(kind, text, model.model_id))
        return answered


def _read_body(body: bytes | str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise BedrockError("ValidationException", "Malformed input request, please reformat your input.") from None
