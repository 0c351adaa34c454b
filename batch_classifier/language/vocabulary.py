"""Which features texts teach, and how they are kept."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]


def texts_with_each(owners: "Whole", features: "Whole", size: int) -> "Whole":
    """In how many texts each of `size` features is; `owners` are the texts, by number, in which `features` are found."""
    import numpy as np

    size = max(size, 1)
    return np.bincount(np.unique(owners * size + features) % size, minlength=size)[:size]


def places_kept(in_texts: "Whole", least: int, most: int | None) -> "Whole":
    """The places of the features that so many texts have, ascending; at most `most` of them."""
    import numpy as np

    places = np.flatnonzero(in_texts >= least)
    if most is not None and len(places) > most:
        # Of those that equally many texts have, the first.
        places = np.sort(places[np.argsort(-in_texts[places], kind="stable")[:most]])
    return places


def vocabulary_of(
    arrays: "Mapping[str, NDArray[np.generic]]", vocabulary: str, rarity: str
) -> "tuple[Whole, NDArray[np.float64]]":
    """Features and their rarity from arrays under these names; raises KeyError or ValueError where they are something else's."""
    import numpy as np

    features, rare = arrays[vocabulary].astype(np.int64), arrays[rarity].astype(np.float64)
    if features.ndim != 1 or rare.shape != features.shape:
        raise ValueError("features and their rarity are not of one text")
    return features, rare
