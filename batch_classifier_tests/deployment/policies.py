"""Reading statements of IAM policies."""

from typing import Any


def as_list(value: Any) -> list[Any]:
    """One or many, as many."""
    return list(value) if isinstance(value, list) else [value]
