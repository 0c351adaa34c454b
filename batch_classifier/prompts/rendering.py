"""The instructions of a prompt, a Jinja template, as the model reads them."""

from typing import Any

import jinja2
import jinja2.sandbox


def render(instructions: str, **variables: Any) -> str:
    """The instructions with these variables filled in; raises what jinja2 raises for a template that does not render."""
    environment = jinja2.sandbox.SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(instructions).render(**variables).strip()
