"""What is wrong with the content of a prompt file, in sentences that name the key."""

from collections.abc import Iterable

from pydantic import ValidationError

from batch_classifier.prompts.prompt import Prompt


def validation_faults(error: ValidationError) -> str:
    """All faults that pydantic found, in one line."""
    return "; ".join(_faults(error))


def _faults(error: ValidationError) -> Iterable[str]:
    known = ", ".join(name for name in Prompt.model_fields if name != "name")
    places = [fault["loc"] for fault in error.errors()]
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        is_told_already = any(place[: len(fault["loc"])] == fault["loc"] != place for place in places)
        # Pydantic counts only the entries that are right.
        if fault["type"] == "too_short" and is_told_already:
            continue
        if fault["type"] == "extra_forbidden":
            yield f"{key}: is not a key of a prompt file" + (
                f" (the keys are {known})" if len(fault["loc"]) == 1 else ""
            )
        elif fault["type"] == "missing":
            yield f"{key}: is missing"
        elif fault["type"] == "string_type":
            yield f"{key}: must be text; put {fault['input']!r} in quotes"
        elif fault["type"] == "tuple_type":
            yield f"{key}: must be a list"
        elif fault["type"] in ("model_type", "dict_type"):
            yield f"{key}: must be a mapping of keys to values"
        elif fault["type"] == "string_too_short":
            yield f"{key}: is empty"
        elif fault["type"] == "too_short":
            yield (
                f"{key}: is empty"
                if not fault["input"]
                else f"{key}: needs at least {fault['ctx'].get('min_length', 1)} entries"
            )
        else:
            message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            yield f"{key}: {message[0].lower()}{message[1:]}" if key else message
