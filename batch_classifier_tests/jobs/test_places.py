"""Places for jobs: older files come first, but nobody who never comes holds up the others for good."""

from pathlib import Path

import pytest

from batch_classifier.jobs.places import Places
from batch_classifier.prompts.prompt import Prompt
from batch_classifier_tests.support.prompt_content import prompt_content
from batch_classifier_tests.support.scripted_inference import ScriptedInference


class Quota(ScriptedInference):
    """A service with so many free places."""

    def __init__(self, home: Path, free: int) -> None:
        super().__init__(home)
        self.free = free

    def free_places(self, prompt: Prompt) -> int:
        return self.free


def places(tmp_path: Path, free: int, ahead: int) -> tuple[Places, list[int]]:
    """Places with so many free, and so many jobs of others ahead; and what was asked of the others."""
    asked: list[int] = []

    def count_ahead(enough: int) -> int:
        asked.append(enough)
        return min(ahead, enough)

    return Places(Prompt(name="tickets", **prompt_content()), Quota(tmp_path, free), count_ahead), asked


@pytest.mark.parametrize(
    ("free", "ahead", "first", "later"),
    [(0, 0, False, False), (1, 0, True, True), (1, 1, False, True), (3, 2, True, True), (2, 5, False, True)],
)
def test_others_come_first_at_the_first_look_only(
    tmp_path: Path, free: int, ahead: int, first: bool, later: bool
) -> None:
    made, asked = places(tmp_path, free, ahead)
    made.begin_look()
    assert [made.has_one(), made.has_one()] == [first, first]
    assert asked == ([free] if free else []), "counted once, and not without need"
    made.begin_look()
    assert made.has_one() == later and len(asked) <= 1


def test_who_was_turned_away_asks_again_at_the_next_look(tmp_path: Path) -> None:
    made, _ = places(tmp_path, 5, 0)
    made.begin_look()
    assert made.has_one()
    made.turn_away()
    assert not made.has_one()
    made.begin_look()
    assert made.has_one()
