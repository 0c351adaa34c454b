"""What a request can end as, and what is true of each ending: the one place where statuses are told apart."""

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """How a request ended. The order ranks: of several answers to one text the first in this order counts."""

    CLASSIFIED = "classified"
    REPAIRED = "repaired"
    INVALID_CLASS = "invalid_class"
    NO_ANSWER = "no_answer"
    MODEL_ERROR = "model_error"
    REJECTED = "rejected"

    @property
    def holds(self) -> bool:
        """Whether there is an answer that counts; a text without one may be asked again."""
        return self in HOLDING

    @property
    def is_failure(self) -> bool:
        """Whether the request had a usable text and got no class all the same."""
        return self in FAILURES


HOLDING = (Status.CLASSIFIED, Status.REPAIRED)
FAILURES = (Status.INVALID_CLASS, Status.NO_ANSWER, Status.MODEL_ERROR)


def in_sql(statuses: Iterable[Status]) -> str:
    """The statuses as SQL writes a list of values, in DuckDB and in Athena alike: `('classified', 'repaired')`."""
    return f"({', '.join(repr(str(status)) for status in statuses)})"


def rank_in_sql(column: str) -> str:
    """An expression that is 0 for the best status in a column, and more for the others."""
    cases = " ".join(f"when '{status}' then {place}" for place, status in enumerate(Status))
    return f"case {column} {cases} end"
