"""What is wrong with the content of a prompt file, in sentences that name the key."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.wording import counted, fit_line

# More would not be read, and a file of 10,000 unknown keys has as many faults.
_MOST_FAULTS = 10
_SHOWN_CHARACTERS = 60


def validation_faults(error: ValidationError) -> str:
    """The first faults that pydantic found, in one line."""
    # Pydantic counts only the entries that are right, so that a list with a fault in it is also too short.
    faulty = {fault["loc"][:depth] for fault in error.errors() for depth in range(len(fault["loc"]))}
    faults = [fault for fault in error.errors() if fault["type"] != "too_short" or fault["loc"] not in faulty]
    told = "; ".join(_sentence(dict(fault)) for fault in faults[:_MOST_FAULTS])
    more = len(faults) - _MOST_FAULTS
    return f"{told}; and {counted(more, 'more fault')}" if more > 0 else told


def _sentence(fault: dict[str, Any]) -> str:
    # Pydantic counts a list's entries from 0, people from 1.
    parts = (str(part + 1) if isinstance(part, int) else part for part in fault["loc"])
    key = ".".join(fit_line(part, _SHOWN_CHARACTERS) for part in parts)
    return f"{key}: {_what_is_wrong(fault)}" if key else _what_is_wrong(fault)


def _what_is_wrong(fault: dict[str, Any]) -> str:
    kind = fault["type"]
    if kind == "extra_forbidden":
        return "is not a key of a prompt file" + (
            f" (the keys are {', '.join(_known_keys())})" if len(fault["loc"]) == 1 else ""
        )
    if kind == "missing":
        return "is missing"
    if kind == "string_type" and isinstance(fault["input"], dict):
        return "must be text; put it in quotes, for with its colon it is a key and a value"
    if kind == "string_type":
        return f"must be text; put {_shown(fault['input'])} in quotes"
    if kind == "tuple_type":
        return "must be a list"
    if kind in ("model_type", "dict_type"):
        return "must be a mapping of keys to values"
    if kind == "string_too_short":
        return "is empty"
    if kind == "too_short":
        return f"needs at least {fault['ctx'].get('min_length', 1)} entries" if fault["input"] else "is empty"
    message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    return f"{message[0].lower()}{message[1:]}" if fault["loc"] else str(message)


def _known_keys() -> Iterator[str]:
    return (name for name in Prompt.model_fields if name != "name")


def _shown(value: object) -> str:
    """A value of the file as Python writes it, where that is short and possible: a number of many digits can't be written."""
    if isinstance(value, list | dict | set | tuple):
        return "the value"
    try:
        return fit_line(repr(value), _SHOWN_CHARACTERS)
    except ValueError:
        return "the value"
