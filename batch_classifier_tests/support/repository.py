"""Where the repository's own files stand."""

from pathlib import Path

REPOSITORY = Path(__file__).parent.parent.parent
PROMPTS = REPOSITORY / "prompts"
