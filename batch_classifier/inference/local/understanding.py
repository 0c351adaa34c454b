"""How probable it is that a text is in a language that the engine knows: from its word vectors, or from the prompt's examples.

What the vectors know is told by the words (`coverage`). What the examples teach is told by runs of characters: of a text in their
language they have most, of one in another fewer, by far more than texts of one language differ.
"""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from batch_classifier.language.coverage import PRIOR

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# By how many standard deviations texts of another language are less familiar. Measured with ten examples a category in five languages
# on texts in nine: three and more.
_GAP = 4.0
# As for `PRIOR`: most texts are in the language of their prompt's examples.
_PRIOR_BESIDE_EXAMPLES = 2.0
# What runs of characters say at most, as a logarithm of odds: many words in a language that is carried outweigh it.
_MOST = 6.0
# And against a text whose words may speak for it: texts of the examples' language about something else are unfamiliar as well.
# Of English texts far from the examples up to 54 of 100 were taken for another language's at 6, up to 8 at 3, and of texts in
# ten other languages 99 to 100 were found at 6, and 86 to 100 at 3.
_MOST_AGAINST_WORDS = 3.0
_LEAST_DEVIATION = 0.02


@dataclass(frozen=True)
class Understanding:
    """What is known of the languages of a prompt's texts.

    Attributes:
        familiarity: what share of an example's runs of characters the other examples have, on average; None without examples.
        deviation: by how much that differs from example to example (standard deviation).
        is_by_words: whether the examples are in a language that the vectors carry, so that words count as well.
    """

    familiarity: float | None = None
    deviation: float = _LEAST_DEVIATION
    is_by_words: bool = True

    @classmethod
    def of_examples(cls, familiarity: "NDArray[np.float64]", is_by_words: bool) -> "Understanding":
        """What examples teach of which each has this familiarity to the others."""
        return cls(float(familiarity.mean()), max(float(familiarity.std()), _LEAST_DEVIATION), is_by_words)

    def needs_familiarity(self, signs: float) -> bool:
        """Whether it makes a difference for a text whose words speak so much for a language that is carried."""
        return self.familiarity is not None and not (self.is_by_words and PRIOR + signs > _MOST + 2)

    def probability(self, signs: float, familiarity: float | None) -> float:
        """The probability, 0 to 1; `familiarity` is None where it is not needed."""
        odds = PRIOR if self.familiarity is None else _PRIOR_BESIDE_EXAMPLES
        odds += signs if self.is_by_words else 0.0
        if self.familiarity is not None and familiarity is not None:
            # Two normal distributions of the same width, apart by the gap.
            away = (familiarity - self.familiarity) / self.deviation
            least = _MOST_AGAINST_WORDS if self.is_by_words else _MOST
            odds += min(max(_GAP * away + _GAP**2 / 2, -least), _MOST)
        return 1 / (1 + math.exp(-min(odds, 50.0))) if odds > -50 else 0.0
