"""Where the repository's own files stand, and which prompts a test may rely on."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
# The tests' own. What stands in the repository's prompts/ is a team's, who adds and removes files there.
PROMPTS = Path(__file__).parent / "prompts"


def sample_prompt(name: str) -> Path:
    """The prompt file that goes with the sample data of that name; where a team has removed it, the test is skipped."""
    path = REPOSITORY / "prompts" / f"{name}.yaml"
    if not path.is_file():
        pytest.skip(f"prompts/{name}.yaml has been removed from this project")
    return path
