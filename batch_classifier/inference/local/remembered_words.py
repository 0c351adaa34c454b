"""A table of what was found out about words, so that each is looked at once while it is in use."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Whole = NDArray[np.int64]

_MOST_WORDS = 30_000
# What was said so often since the table was last tidied up stays in it. Half of all words of a text are in no other.
_USES_TO_STAY = 3


class RememberedWords:
    """Words with a row of numbers each, `columns` wide, which `rows_of` finds out for many words at once. Not safe between threads.

    Attributes:
        table: the rows, and room for more. `forget` leaves it alone, and has another from then on.
    """

    def __init__(self, columns: int, rows_of: "Callable[[Sequence[str]], Floats]") -> None:
        import numpy as np

        self._rows_of = rows_of
        self._places: dict[str, int] = {}
        self._new: list[str] = []
        self.table = np.empty((0, columns), np.float32)
        self._uses = np.zeros(0, np.int64)

    def place(self, word: str) -> int:
        """The row of a word; of a new one the row that it gets when `learn` is called."""
        row = self._places.get(word)
        if row is None:
            row = self._places[word] = len(self._places)
            self._new.append(word)
        return row

    def learn(self) -> None:
        """Put the new words into the table."""
        if not self._new:
            return
        rows, used = self._rows_of(self._new), len(self._places) - len(self._new)
        self._new = []
        self._make_room(used, len(rows))
        self.table[used : used + len(rows)] = rows

    def note_use(self, rows: "Whole") -> None:
        """Take note of the rows that were used, each as often as it is there."""
        import numpy as np

        times = np.bincount(rows)
        self._uses[: len(times)] += times

    def forget(self) -> bool:
        """Where there are too many words, forget those that are rarely used; returns whether rows have changed."""
        import numpy as np

        if len(self._places) <= _MOST_WORDS:
            return False
        uses = self._uses[: len(self._places)]
        often = np.argsort(-uses, kind="stable")[: _MOST_WORDS // 2]
        kept = np.sort(often[uses[often] >= _USES_TO_STAY])
        words = list(self._places)
        self._places = {words[old]: new for new, old in enumerate(kept.tolist())}
        self.table = self.table[kept]
        self._uses = np.zeros(len(kept), np.int64)
        return True

    def _make_room(self, used: int, more: int) -> None:
        import numpy as np

        if used + more <= len(self.table):
            return
        table = np.empty((max(2 * used, used + more, 1024), self.table.shape[1]), np.float32)
        table[:used] = self.table[:used]
        uses = np.zeros(len(table), np.int64)
        uses[:used] = self._uses[:used]
        self.table, self._uses = table, uses
