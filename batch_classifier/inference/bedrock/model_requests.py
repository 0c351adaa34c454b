"""How a question is put to a model on Bedrock: the `modelInput` of each model family by InvokeModel, or of Converse.

The shapes are those of the Amazon Bedrock user guide, "Inference request parameters and response fields for foundation
models", and of the Converse operation in botocore's service model.
"""

import re
from typing import Any

import orjson

from batch_classifier.errors import PromptError
from batch_classifier.inference.questions import answer_limit, answer_schema, system_prompt
from batch_classifier.prompts.prompt import Model, Prompt

_FAMILY_OF_PROVIDER = {
    "anthropic.claude": "claude",
    "amazon.nova": "nova",
    "meta.llama": "llama",
    "mistral.": "mistral",
}
_OLDER_MISTRAL = re.compile(r"mistral-7b|mixtral-8x7b|mistral-(large|small)-2402")


def family_of(model: Model) -> str:
    """`claude`, `nova`, `llama` or `mistral`, from the model id or inference profile; raises PromptError for another one."""
    if model.family:
        return model.family
    for provider, family in _FAMILY_OF_PROVIDER.items():
        if re.search(rf"(^|[./]){re.escape(provider)}", model.id):
            return family
    raise PromptError(
        f"model.id: {model.id!r} belongs to no known family (anthropic.claude, amazon.nova, meta.llama, mistral); "
        "set model.family, or model.invocation to Converse, which takes any model."
    )


def check_model(prompt: Prompt) -> None:
    """Raise PromptError when the prompt asks for what its model cannot take."""
    if prompt.model.invocation == "Converse":
        return
    if family_of(prompt.model) != "claude" and prompt.answer == "json":
        raise PromptError(
            "answer: json needs a Claude model by InvokeModel, or model.invocation Converse; tags work with any model."
        )


def model_input(prompt: Prompt, user: str, texts: int = 1) -> dict[str, Any]:
    """The `modelInput` that puts a user's message with so many texts to the prompt's model."""
    model = prompt.model
    system, max_tokens = system_prompt(prompt, texts), answer_limit(prompt, texts)
    if model.invocation == "Converse":
        return _converse(prompt, user, texts)
    family = family_of(model)
    if family == "claude":
        body: dict[str, Any] = {
            "anthropic_version": "bedrock-2023-05-31",
            "max_tokens": max_tokens,
            "system": system,
            "messages": [{"role": "user", "content": [{"type": "text", "text": user}]}],
            "temperature": model.temperature,
        }
        if prompt.answer == "json":
            body["output_config"] = {"format": {"type": "json_schema", "schema": answer_schema(prompt, texts)}}
        return body
    if family == "nova":
        return {
            "messages": [{"role": "user", "content": [{"text": user}]}],
            "system": [{"text": system}],
            "inferenceConfig": {"maxTokens": max_tokens, "temperature": model.temperature},
        }
    if family == "llama":
        turns = "".join(
            f"<|start_header_id|>{role}<|end_header_id|>\n\n{words}<|eot_id|>"
            for role, words in (("system", system), ("user", user))
        )
        return {
            "prompt": f"<|begin_of_text|>{turns}<|start_header_id|>assistant<|end_header_id|>\n\n",
            "max_gen_len": max_tokens,
            "temperature": model.temperature,
        }
    if _OLDER_MISTRAL.search(model.id):
        instruction = f"<s>[INST] {system}\n\n{user} [/INST]"
        return {"prompt": instruction, "max_tokens": max_tokens, "temperature": model.temperature}
    return {
        "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
        "max_tokens": max_tokens,
        "temperature": model.temperature,
    }


def _converse(prompt: Prompt, user: str, texts: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": [{"text": user}]}],
        "system": [{"text": system_prompt(prompt, texts)}],
        "inferenceConfig": {"maxTokens": answer_limit(prompt, texts), "temperature": prompt.model.temperature},
    }
    if prompt.answer == "json":
        schema = orjson.dumps(answer_schema(prompt, texts)).decode()
        structure = {"jsonSchema": {"schema": schema, "name": "classification"}}
        body["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": structure}}
    return body
