"""A linear model of texts: what words in which neighbourhood tell the categories apart.

Logistic regression (`logistic_regression`) on the features of whole texts (`text_features`). Training is deterministic.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from batch_classifier.language.logistic_regression import Linear, fit
from batch_classifier.language.text_features import TextFeatures

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# The logarithm of a share of one in a million.
_ALL_BUT_OUT = -13.8
# Of so many texts, what stands in one of them alone tells little, and is half of all features.
_TEXTS_TO_COMPARE = 5_000
# Weights that a head may have: the features that most texts have are kept. Each takes two bytes in a file and 200 while they are
# trained. 50,000 texts of 150 categories (CLINC150, put together in pairs): 1.4 GB, and 2.0 GB at 8 million, which was no better.
_MOST_WEIGHTS = 3_000_000


class TrainedHead:
    """Trained on the texts of categories numbered from 0; at least two of them have texts."""

    def __init__(self, texts: Sequence[str], owners: Sequence[int], categories: int) -> None:
        import numpy as np

        self.categories = categories
        least = 2 if len(texts) > _TEXTS_TO_COMPARE else 1
        self.features = TextFeatures(texts, least, _MOST_WEIGHTS // categories)
        self._linear = fit(self.features.taught, np.array(owners))
        # Only the training needs them.
        self.features.taught = None

    def log_shares(self, texts: Sequence[str]) -> "Floats":
        """The logarithm of each category's probability, one row a text; one that it has not seen a text of is all but out."""
        return self.judged(texts)[0]

    def judged(self, texts: Sequence[str]) -> "tuple[Floats, NDArray[np.float64]]":
        """The same, and how familiar each text's runs of characters are (`TextFeatures.with_familiarity`)."""
        import numpy as np

        logs = np.full((len(texts), self.categories), _ALL_BUT_OUT, np.float32)
        features, familiarity = self.features.with_familiarity(texts)
        if texts:
            logs[:, self._linear.classes] = np.maximum(self._linear.log_shares(features), _ALL_BUT_OUT)
        return logs, familiarity

    def arrays(self) -> "dict[str, NDArray[np.generic]]":
        """All that it knows, as arrays of numbers by their names."""
        import numpy as np

        linear = self._linear
        own: dict[str, NDArray[np.generic]] = {
            "weights": linear.weights.astype(np.float16),
            "intercept": linear.intercept,
        }
        return {**self.features.arrays(), "classes": linear.classes, **own}

    @classmethod
    def from_arrays(cls, arrays: "Mapping[str, NDArray[np.generic]]", order: Sequence[int]) -> "TrainedHead":
        """The head that gave these arrays; `order` holds the new number of each category.

        Raises KeyError or ValueError where they are not a head's.
        """
        import numpy as np

        head = cls.__new__(cls)
        head.categories = len(order)
        head.features = TextFeatures.from_arrays(arrays)
        classes = np.array(order, np.int64)[arrays["classes"].astype(np.int64)]
        weights = arrays["weights"].astype(np.float32)
        if weights.shape != (head.features.columns, len(classes)) or arrays["intercept"].shape != classes.shape:
            raise ValueError("weights and features are not of one head")
        head._linear = Linear(classes, weights, arrays["intercept"].astype(np.float32))
        return head
