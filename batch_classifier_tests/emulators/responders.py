"""Who answers in the model's place: a simple built-in rule, or the project's local engine.

A responder is any callable of (system, user text, model input) that gives the answer's text, or a Fault.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from batch_classifier_tests.emulators.faults import Fault
from batch_classifier_tests.emulators.model_answers import write_structured
from batch_classifier_tests.emulators.model_requests import find_answer_schema

Responder = Callable[[str, str, Mapping[str, Any]], str | Fault]
LISTED_NAME = re.compile(
    r"^\s*(?:[-*\u2022]|\d+[.)])\s+\W{0,2}([^:*`\n]{2,60}?)\W{0,2}\s*(?::|\u2014|\n|$)", re.MULTILINE
)


def write_reply(category: str, reason: str, model_input: Mapping[str, Any]) -> str:
    """A good answer: JSON when the request has a schema, tags otherwise."""
    schema = find_answer_schema(model_input)
    if schema is not None:
        return write_structured(schema, category, reason)
    return f"<class>{category}</class><rationale>{reason}</rationale>"


def find_category_names(system: str, model_input: Mapping[str, Any]) -> list[str]:
    """The names that an answer may choose from: the schema's enum, or else what the system prompt lists."""
    schema = find_answer_schema(model_input)
    for part in (schema or {}).get("properties", {}).values():
        if "enum" in part:
            return list(part["enum"])
    return [name.strip() for name in LISTED_NAME.findall(system)]


class NamedCategoryAnswers:
    """The default: the first category whose name, or a long word of it, is in the text; otherwise the fallback."""

    def __init__(self, fallback: str = "Other") -> None:
        self._fallback = fallback

    def __call__(self, system: str, text: str, model_input: Mapping[str, Any]) -> str:
        """Answer one text."""
        lowered = text.lower()
        for name in find_category_names(system, model_input):
            words = [word for word in re.findall(r"\w+", name.lower()) if len(word) > 4]
            if name.lower() in lowered or any(word in lowered for word in words):
                return write_reply(name, f"The text speaks of {name}.", model_input)
        return write_reply(self._fallback, "The text names none of the categories.", model_input)


class FixedAnswer:
    """The same words for every text."""

    def __init__(self, words: str = "<class>Other</class><rationale>Always the same.</rationale>") -> None:
        self._words = words

    def __call__(self, system: str, text: str, model_input: Mapping[str, Any]) -> str:
        """Answer one text."""
        return self._words


class LocalEngineAnswers:
    """The project's local engine in the model's place, for one task.

    It is made of the task's categories (with name, description and examples, as a prompt has them) and the one that is for
    all other texts.
    """

    def __init__(self, categories: Sequence[Any], fallback: str) -> None:
        # Imported late: only this adapter needs the product, and its weights take a while to load.
        from batch_classifier.inference.local.embeddings import EmbeddingClassifier

        self._engine = EmbeddingClassifier(categories, fallback)
        self._names = [category.name for category in categories]

    def count_known_names(self, system: str, model_input: Mapping[str, Any]) -> int:
        """How many of its categories a request names: which tells the task that a request belongs to."""
        offered = set(find_category_names(system, model_input))
        return sum(name in offered or name in system for name in self._names)

    def __call__(self, system: str, text: str, model_input: Mapping[str, Any]) -> str:
        """Answer one text."""
        verdict = next(iter(self._engine.classify([text])))
        return write_reply(verdict.category, verdict.reason, model_input)


class AnswersByTask:
    """Several local engines, one a task: the one that knows most of the request's categories answers."""

    def __init__(self, engines: Sequence[LocalEngineAnswers]) -> None:
        self._engines = list(engines)
        self._by_request: dict[str, LocalEngineAnswers] = {}

    def __call__(self, system: str, text: str, model_input: Mapping[str, Any]) -> str:
        """Answer one text."""
        if system not in self._by_request:
            self._by_request[system] = max(
                self._engines, key=lambda engine: engine.count_known_names(system, model_input)
            )
        return self._by_request[system](system, text, model_input)
