"""What each family of models takes as `modelInput`, written from the contract and not from the product's code.

The functions read a request and refuse what the models refuse, with their words.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from batch_classifier_tests.emulators.model_catalog import EmulatedModel, Family

CLAUDE_VERSION = "bedrock-2023-05-31"
CLAUDE_KEYS = {
    "anthropic_version", "anthropic_beta", "max_tokens", "messages", "metadata", "output_config", "stop_sequences",
    "system", "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p",
}  # fmt: skip
CONVERSE_KEYS = {
    "additionalModelRequestFields", "additionalModelResponseFieldPaths", "guardrailConfig", "inferenceConfig",
    "messages", "outputConfig", "performanceConfig", "promptVariables", "requestMetadata", "serviceTier", "system",
    "toolConfig",
}  # fmt: skip
NOVA_KEYS = {"inferenceConfig", "messages", "schemaVersion", "system", "toolConfig"}
CAMEL_CASE_INFERENCE_KEYS = {"maxTokens", "temperature", "topP", "topK", "stopSequences"}
LLAMA_KEYS = {"prompt", "max_gen_len", "temperature", "top_p", "images"}
MISTRAL_KEYS = {"messages", "prompt", "max_tokens", "temperature", "top_p", "top_k", "stop", "tools", "tool_choice"}
LLAMA_TURN = re.compile(r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\s*(.*?)(?=<\|eot_id\|>|$)", re.DOTALL)
MISTRAL_TURN = re.compile(r"\[INST\](.*?)\[/INST\]", re.DOTALL)
# The product marks the text as data; tests and the local engine care for what is between the marks.
QUOTED_TEXT = re.compile(r"<text>\n?(.*?)\n?</text>", re.DOTALL)
# Of several texts in one request each has an id.
ONE_OF_SEVERAL = re.compile(r'<text id="([^"<>]+)">\n?(.*?)\n?</text>', re.DOTALL)
NEXT_TEXT = "\n\x1e\n"
MALFORMED = "Malformed input request: {}, please reformat your input and try again."


class RecordRefused(Exception):
    """One record that fails: what its error object says."""

    def __init__(self, message: str, code: int | str = 400, is_expired: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.is_expired = is_expired


@dataclass(frozen=True)
class ModelRequest:
    """What a model is asked, whatever the family; `text` is the quoted part of the user's message, if one is.

    Of several texts, `several` has each by its id, and `text` is all of them, with NEXT_TEXT between them.
    """

    system: str
    text: str
    max_tokens: int | None
    schema: Mapping[str, Any] | None = None
    several: Mapping[str, str] = field(default_factory=dict)


def read_request(model: EmulatedModel, invocation_type: str, model_input: Any) -> ModelRequest:
    """Read a `modelInput` as the model would; raises RecordRefused for what it would not take."""
    if not isinstance(model_input, Mapping):
        raise RecordRefused(MALFORMED.format("expected type: JSONObject"))
    if invocation_type == "Converse":
        request = _read_converse(model_input)
    elif model.family is Family.CLAUDE:
        request = _read_claude(model_input)
    elif model.family is Family.NOVA:
        request = _read_nova(model_input)
    elif model.family is Family.LLAMA:
        request = _read_llama(model_input)
    else:
        request = _read_mistral(model_input)
    if request.schema is not None:
        if not model.takes_schema:
            raise RecordRefused(f"Structured outputs are not supported for the model {model.model_id}.")
        _require_closed_objects(request.schema)
    if several := dict(ONE_OF_SEVERAL.findall(request.text)):
        return replace(request, text=NEXT_TEXT.join(several.values()), several=several)
    quoted = QUOTED_TEXT.search(request.text)
    return replace(request, text=quoted.group(1)) if quoted else request


def find_schema(model_input: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The JSON schema that a request asks the answer to follow, in Claude's shape or in Converse's."""
    try:
        if "output_config" in model_input:
            schema = model_input["output_config"]["format"]["schema"]
        elif "textFormat" in model_input.get("outputConfig", {}):
            schema = json.loads(model_input["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])
        else:
            return None
    except (KeyError, TypeError, ValueError) as problem:
        raise RecordRefused(f"output format: invalid JSON schema ({problem!r})") from None
    if not isinstance(schema, Mapping):
        raise RecordRefused("output format: the JSON schema must be an object")
    return schema


def find_answer_schema(model_input: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema of an answer to one text, also where a list of them is asked for."""
    schema = find_schema(model_input)
    answers = (schema or {}).get("properties", {}).get("answers", {})
    return answers.get("items", schema)


def _read_claude(body: Mapping[str, Any]) -> ModelRequest:
    for key in ("anthropic_version", "max_tokens", "messages"):
        if key not in body:
            raise RecordRefused(f"{key}: Field required")
    _refuse_extra_keys(body, CLAUDE_KEYS, "{}: Extra inputs are not permitted")
    if body["anthropic_version"] != CLAUDE_VERSION:
        raise RecordRefused(f"anthropic_version: Input should be '{CLAUDE_VERSION}'")
    if "output_config" in body and body["output_config"].get("format", {}).get("type", "json_schema") != "json_schema":
        raise RecordRefused("output_config.format.type: Input should be 'json_schema'")
    temperature = body.get("temperature", 1)
    if not isinstance(temperature, int | float) or not 0 <= temperature <= 1:
        raise RecordRefused("temperature: range: 0..1")
    return ModelRequest(
        system=_read_blocks(body.get("system", ""), "system", typed=True, may_be_text=True),
        text=_read_user(body["messages"], typed=True, may_be_text=True),
        max_tokens=_positive(body["max_tokens"], "max_tokens"),
        schema=find_schema(body),
    )


def _read_converse(body: Mapping[str, Any]) -> ModelRequest:
    _refuse_extra_keys(body, CONVERSE_KEYS, MALFORMED.format("extraneous key [{}] is not permitted"))
    if "toolConfig" in body:
        raise RecordRefused("Tool use is not supported for batch inference Converse requests.")
    return _read_camel_case(body)


def _read_nova(body: Mapping[str, Any]) -> ModelRequest:
    _refuse_extra_keys(body, NOVA_KEYS, MALFORMED.format("extraneous key [{}] is not permitted"))
    return _read_camel_case(body)


def _read_camel_case(body: Mapping[str, Any]) -> ModelRequest:
    if "messages" not in body:
        raise RecordRefused(MALFORMED.format("required key [messages] not found"))
    inference = body.get("inferenceConfig", {})
    _refuse_extra_keys(inference, CAMEL_CASE_INFERENCE_KEYS, MALFORMED.format("extraneous key [{}] is not permitted"))
    return ModelRequest(
        system=_read_blocks(body.get("system", []), "system", typed=False),
        text=_read_user(body["messages"], typed=False),
        max_tokens=_positive(inference["maxTokens"], "maxTokens") if "maxTokens" in inference else None,
        schema=find_schema(body),
    )


def _read_llama(body: Mapping[str, Any]) -> ModelRequest:
    if not isinstance(body.get("prompt"), str):
        raise RecordRefused(MALFORMED.format("required key [prompt] not found"))
    _refuse_extra_keys(body, LLAMA_KEYS, MALFORMED.format("extraneous key [{}] is not permitted"))
    turns = dict(LLAMA_TURN.findall(body["prompt"]))
    return ModelRequest(
        system=turns.get("system", "").strip(),
        text=turns.get("user", "" if turns else body["prompt"]).strip(),
        max_tokens=_positive(body.get("max_gen_len", 512), "max_gen_len"),
    )


def _read_mistral(body: Mapping[str, Any]) -> ModelRequest:
    if ("messages" in body) == ("prompt" in body):
        raise RecordRefused(MALFORMED.format("exactly one of [messages] and [prompt] is required"))
    _refuse_extra_keys(body, MISTRAL_KEYS, MALFORMED.format("extraneous key [{}] is not permitted"))
    max_tokens = _positive(body.get("max_tokens", 512), "max_tokens")
    if "prompt" in body:
        turn = MISTRAL_TURN.search(body["prompt"])
        asked = (turn.group(1) if turn else body["prompt"]).strip()
        # This form has no place of its own for the system prompt: it stands before the text.
        system = re.split(r"<text(?: id=[^>]*)?>\n", asked, maxsplit=1)[0]
        return ModelRequest(system=system, text=asked, max_tokens=max_tokens)
    said = {"system": "", "user": ""}
    for message in body["messages"]:
        said[message.get("role")] = _read_blocks(message.get("content"), "content", typed=True, may_be_text=True)
    return ModelRequest(system=said["system"], text=said["user"], max_tokens=max_tokens)


def _read_user(messages: Any, typed: bool, may_be_text: bool = False) -> str:
    if not isinstance(messages, list) or not messages:
        raise RecordRefused("messages: at least one message is required")
    if messages[0].get("role") != "user":
        raise RecordRefused('messages: first message must use the "user" role')
    said = [message for message in messages if message.get("role") == "user"]
    text = _read_blocks(said[-1].get("content"), "messages.0.content", typed, may_be_text)
    if not text.strip():
        raise RecordRefused("messages: text content blocks must contain non-whitespace text")
    return text


def _read_blocks(blocks: Any, where: str, typed: bool, may_be_text: bool = False) -> str:
    if may_be_text and isinstance(blocks, str):
        return blocks
    if not isinstance(blocks, list):
        raise RecordRefused(MALFORMED.format(f"#/{where}: expected type: JSONArray"))
    texts = []
    for place, block in enumerate(blocks):
        if typed and (not isinstance(block, Mapping) or block.get("type") != "text"):
            raise RecordRefused(f"{where}.{place}.type: Field required")
        if not isinstance(block, Mapping) or not isinstance(block.get("text"), str):
            raise RecordRefused(MALFORMED.format(f"#/{where}/{place}: required key [text] not found"))
        if not typed and set(block) != {"text"}:
            raise RecordRefused(MALFORMED.format(f"#/{where}/{place}: extraneous key is not permitted"))
        texts.append(block["text"])
    return "\n".join(texts)


def _refuse_extra_keys(body: Mapping[str, Any], known: Collection[str], message: str) -> None:
    for key in body:
        if key not in known:
            raise RecordRefused(message.format(key))


def _positive(number: Any, where: str) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise RecordRefused(f"{where}: Input should be greater than or equal to 1")
    return number


def _require_closed_objects(schema: Any) -> None:
    if isinstance(schema, list):
        for part in schema:
            _require_closed_objects(part)
    elif isinstance(schema, Mapping):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            raise RecordRefused(
                "output format: For 'object' type, 'additionalProperties' must be explicitly set to false"
            )
        for part in schema.values():
            _require_closed_objects(part)
