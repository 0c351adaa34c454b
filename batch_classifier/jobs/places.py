"""Places for jobs: how many the service has free, and how many of them belong to files that have waited longer."""

from collections.abc import Callable
from dataclasses import dataclass

from batch_classifier.inference.interface import Inference
from batch_classifier.prompts.prompt import Prompt


@dataclass
class Places:
    """The places at the prompt's model, as the jobs of one request file may take them.

    `count_ahead` tells how many jobs of others have waited longer, counting no further than to the number it is given: so
    many free places are left to them at the first look. Later on they have had their chance: one who never comes must not
    hold up this file for good.
    """

    prompt: Prompt
    inference: Inference
    count_ahead: Callable[[int], int]
    _looks: int = 0
    _ahead: int | None = None
    _is_turned_away: bool = False

    def begin_look(self) -> None:
        """The batches are gone through once more."""
        self._looks += 1
        self._is_turned_away = False

    def turn_away(self) -> None:
        """The service has refused a job for now: whatever the count says, the next one would be refused at this look too."""
        self._is_turned_away = True

    def has_one(self) -> bool:
        """Whether one more job can be sent now. May raise NotNow."""
        if self._is_turned_away:
            return False
        free = self.inference.free_places(self.prompt)
        if self._looks > 1:
            return free > 0
        if free and self._ahead is None:
            self._ahead = self.count_ahead(free)
        return free > (self._ahead or 0)
