"""What each family of models gives back: the shapes of `modelOutput` and of on-demand answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from batch_classifier_tests.emulators.model_catalog import EmulatedModel, Family

CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True)
class ModelAnswer:
    """What a model said, whatever the family. `has_block` is false when not even an empty text is there."""

    text: str
    is_cut: bool
    input_tokens: int
    output_tokens: int
    has_block: bool = True


def count_tokens(*texts: str) -> int:
    """About as many tokens as a model would count."""
    return max(1, sum(-(-len(text) // CHARACTERS_PER_TOKEN) for text in texts))


def write_answer(
    model: EmulatedModel, invocation_type: str, model_input: Mapping[str, Any], answer: ModelAnswer
) -> dict[str, Any]:
    """The answer in the shape of the model's family, or in Converse's shape, which is the same for all."""
    if invocation_type == "Converse":
        return _write_camel_case(answer) | {"metrics": {"latencyMs": 1}}
    if model.family is Family.CLAUDE:
        return _write_claude(model, answer)
    if model.family is Family.NOVA:
        return _write_camel_case(answer)
    if model.family is Family.LLAMA:
        return _write_llama(answer)
    return _write_mistral(model, "messages" in model_input, answer)


def write_structured(schema: Mapping[str, Any], category: str, reason: str) -> str:
    """An answer that follows a JSON schema: the category where it has an enum, the reason in every other text."""
    values: dict[str, Any] = {}
    for name, part in schema.get("properties", {}).items():
        if "enum" in part:
            values[name] = category if category in part["enum"] else part["enum"][-1]
        elif "const" in part:
            values[name] = part["const"]
        else:
            empty = {"number": 0.9, "integer": 1, "boolean": True, "array": [], "null": None}
            values[name] = empty.get(part.get("type", "string"), reason)
    return json.dumps(values, ensure_ascii=False)


def _write_claude(model: EmulatedModel, answer: ModelAnswer) -> dict[str, Any]:
    return {
        "model": model.model_id.split(".", 1)[-1],
        "id": "msg_bdrk_emulated",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": answer.text}] if answer.has_block else [],
        "stop_reason": "max_tokens" if answer.is_cut else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens},
    }


def _write_camel_case(answer: ModelAnswer) -> dict[str, Any]:
    content = [{"text": answer.text}] if answer.has_block else []
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "max_tokens" if answer.is_cut else "end_turn",
        "usage": {
            "inputTokens": answer.input_tokens,
            "outputTokens": answer.output_tokens,
            "totalTokens": answer.input_tokens + answer.output_tokens,
        },
    }


def _write_llama(answer: ModelAnswer) -> dict[str, Any]:
    return {
        "generation": answer.text,
        "prompt_token_count": answer.input_tokens,
        "generation_token_count": answer.output_tokens,
        "stop_reason": "length" if answer.is_cut else "stop",
    }


def _write_mistral(model: EmulatedModel, is_chat: bool, answer: ModelAnswer) -> dict[str, Any]:
    stop_reason = "length" if answer.is_cut else "stop"
    if not is_chat:
        outputs = [{"text": answer.text, "stop_reason": stop_reason}] if answer.has_block else []
        return {"outputs": outputs}
    message = {"role": "assistant", "content": answer.text}
    return {
        "model": model.model_id.split(".", 1)[-1],
        "choices": [{"index": 0, "message": message, "stop_reason": stop_reason}] if answer.has_block else [],
        "usage": {
            "prompt_tokens": answer.input_tokens,
            "completion_tokens": answer.output_tokens,
            "total_tokens": answer.input_tokens + answer.output_tokens,
        },
    }
