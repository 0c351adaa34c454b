"""The instructions of a prompt, a Jinja template, as the model reads them."""

from collections.abc import Mapping
from typing import Any

import jinja2
import jinja2.sandbox

from batch_classifier.wording import fit_line

# More than the system prompt of any model on Bedrock can be; it goes with every text.
LONGEST_CHARACTERS = 1_000_000
_LONGEST_FAULT = 300
TOO_LARGE = "it takes too much memory"


def environment() -> jinja2.Environment:
    """What templates are read with: no way out of the sandbox, and no variable that is not there."""
    return jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render(instructions: str, **variables: Any) -> str:
    """The instructions with these variables filled in, in this process and without bounds on time and memory.

    Raises what jinja2 raises for a template that does not render, and ValueError for one that renders to too much.
    """
    pieces: list[str] = []
    characters = 0
    for piece in environment().from_string(instructions).generate(**variables):
        pieces.append(piece)
        characters += len(piece)
        if characters > LONGEST_CHARACTERS:
            raise ValueError(f"it renders to more than {LONGEST_CHARACTERS:,} characters")
    return "".join(pieces).strip()


def outcome(instructions: str, variables: Mapping[str, Any]) -> dict[str, str]:
    """What comes of rendering: an object with `text`, or with `fault`, which says what is wrong with the template."""
    try:
        return {"text": render(instructions, **variables)}
    except MemoryError:
        return {"fault": TOO_LARGE}
    except RecursionError:
        return {"fault": "it is nested too deeply, or calls itself without end"}
    except Exception as error:
        # A template can run into any error of Python's; it is the template's fault, and no other's.
        return {"fault": fit_line(str(error).rstrip(".") or type(error).__name__, _LONGEST_FAULT)}
