"""A small, valid prompt file, for tests to change."""

from typing import Any

PROMPT = "tickets"


MODEL = "anthropic.claude-3-haiku-20240307-v1:0"


def prompt_content(**changes: Any) -> dict[str, Any]:
    """The content of a small, valid prompt file; a change to None leaves the key out."""
    content = {
        "description": "What a ticket is about",
        "input": {"text": "text", "id": "id", "label": "label"},
        "categories": [
            {"name": "Billing", "description": "money, bills, charges", "examples": ["I was charged twice"]},
            {"name": "Travel", "description": "flights, hotels, trips", "examples": ["My flight was moved"]},
            {"name": "Other", "description": "none of the above", "examples": ["Wrong number, sorry"]},
        ],
        "fallback": "Other",
        "instructions": "Choose one of:\n{% for category in categories %}\n- {{ category.name }}\n{% endfor %}\n"
        "Answer <class>name</class><rationale>reason</rationale>.",
        "model": {"id": MODEL, "max_tokens": 100},
        "budget_usd": 5.0,
        "max_attempts": 1,
        **changes,
    }
    return {key: value for key, value in content.items() if value is not None}
