"""A prompt's tables as questions are put to them."""

from dataclasses import dataclass
from typing import Any

from batch_classifier.prompts.prompt import Prompt
from batch_classifier.warehouse.corrections import answered_and_held
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS, CORRECTIONS, Table


@dataclass(frozen=True)
class PromptTables:
    """The tables of one prompt.

    Attributes:
        has_corrections: whether there are any. To look for the correction of each of a million rows takes half a second, so it is
            worth knowing that there is none; True where it is not known.
    """

    warehouse: Warehouse
    prompt: Prompt
    has_corrections: bool = True

    def query(self, sql: str) -> list[dict[str, Any]]:
        """A small result, a dictionary a row; raises ClassifierError."""
        return self.warehouse.query(self.prompt.name, sql)

    def name(self, table: Table = CLASSIFICATIONS) -> str:
        """A table's full name in SQL."""
        return self.warehouse.name(self.prompt.name, table)

    def answered_and_held(self) -> str:
        """What follows FROM: each classification as `answered`, beside the correction that holds for its text as `held`."""
        if self.has_corrections:
            return answered_and_held(self.warehouse, self.prompt)
        nothing = ", ".join(
            f"cast(null as varchar) as {name}" for name in ("text_id", "new_class", "who", "why", "source")
        )
        return f"{self.name()} as answered cross join (select {nothing}) as held"


def know_corrections(warehouse: Warehouse, prompt: Prompt) -> PromptTables:
    """The tables of a prompt, of which it is known whether there are corrections; raises ClassifierError."""
    name = warehouse.name(prompt.name, CORRECTIONS)
    (found,) = warehouse.query(prompt.name, f"select count(*) as number from {name}")
    return PromptTables(warehouse, prompt, bool(found["number"]))
