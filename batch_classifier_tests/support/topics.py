"""Categories as small as the local engine takes them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """A category as small as the engine takes it."""

    name: str
    description: str
    examples: tuple[str, ...] = ()


GARDEN = (
    Topic(
        "Plants", "flowers, trees, seeds and how to water them", ("My tomatoes need more sun", "When do roses bloom?")
    ),
    Topic(
        "Tools", "spades, mowers, saws and their repair", ("The lawn mower won't start", "I bent my spade on a stone")
    ),
    Topic("None", "nothing of the kind"),
)
