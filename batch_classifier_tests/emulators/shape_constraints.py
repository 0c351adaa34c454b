"""Checks a request against the constraints in the service model that botocore ships, as the service does.

botocore itself checks types and required members before it sends, but neither patterns nor maximum lengths.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape

from batch_classifier_tests.emulators.service_errors import BedrockError


@cache
def _load_service(service_name: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(service_name)


def require_valid(service_name: str, operation_name: str, parameters: Mapping[str, Any]) -> None:
    """Raise the ValidationException that the service would answer with, if any constraint is broken."""
    shape = _load_service(service_name).operation_model(operation_name).input_shape
    problems = list(_find_problems(shape, parameters, ""))
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise BedrockError("ValidationException", count + "; ".join(problems))


def _find_problems(shape: Any, value: Any, where: str) -> Iterator[str]:
    if shape.type_name == "structure":
        for name in shape.required_members:
            if value.get(name) is None:
                yield _describe(None, f"{where}.{name}", "Member must not be null")
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from _find_problems(member, value[name], f"{where}.{name}")
    elif shape.type_name == "list":
        yield from _find_length_problems(shape, value, where)
        for place, item in enumerate(value, start=1):
            yield from _find_problems(shape.member, item, f"{where}.{place}.member")
    elif shape.type_name == "string":
        yield from _find_text_problems(shape, value, where)
    elif shape.type_name in ("integer", "long") and not isinstance(value, datetime):
        yield from _find_number_problems(shape, int(value), where)


def _find_text_problems(shape: Shape, value: str, where: str) -> Iterator[str]:
    too_long = list(_find_length_problems(shape, value, where))
    yield from too_long
    pattern = shape.metadata.get("pattern")
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        yield _describe(value, where, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    # Some patterns take very long on a text that is too long anyway.
    if pattern and not too_long and not re.fullmatch(pattern, value):
        yield _describe(value, where, f"Member must satisfy regular expression pattern: {pattern}")


def _find_length_problems(shape: Shape, value: Any, where: str) -> Iterator[str]:
    if len(value) < shape.metadata.get("min", 0):
        yield _describe(value, where, f"Member must have length greater than or equal to {shape.metadata['min']}")
    if len(value) > shape.metadata.get("max", len(value)):
        yield _describe(value, where, f"Member must have length less than or equal to {shape.metadata['max']}")


def _find_number_problems(shape: Shape, value: int, where: str) -> Iterator[str]:
    if value < shape.metadata.get("min", value):
        yield _describe(value, where, f"Member must have value greater than or equal to {shape.metadata['min']}")
    if value > shape.metadata.get("max", value):
        yield _describe(value, where, f"Member must have value less than or equal to {shape.metadata['max']}")


def _describe(value: Any, where: str, constraint: str) -> str:
    spelled = "null" if value is None else f"'{value}'"
    return f"Value {spelled} at '{where.removeprefix('.')}' failed to satisfy constraint: {constraint}"
