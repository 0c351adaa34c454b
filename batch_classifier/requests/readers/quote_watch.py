"""A look at the quotes of a delimited file as it streams to pyarrow, which says nothing of those that do not belong together."""

import numpy as np
import numpy.typing as npt

from batch_classifier.requests.readers.delimited_layout import Layout
from batch_classifier.requests.readers.delimited_quotes import BLANKS, may_hold_rows

# A record that goes on for longer is more than pyarrow reads.
_LONGEST_RECORD = 1 << 22
_QUOTE, _LINE_FEED, _RETURN = b'"\n\r'
_Places = npt.NDArray[np.intp]


class QuoteWatch:
    """Is fed with a file's data, from the start of a row on, and remembers whether something was wrong with its quotes."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._ends = np.zeros(256, bool)
        self._ends[[*layout.delimiter.encode(), _LINE_FEED, _RETURN]] = True
        self._rest = b""
        # Of a delimiter of several bytes the quotes can't be told apart here.
        self.has_fault = len(layout.delimiter.encode()) > 1

    def feed(self, data: bytes) -> None:
        """Look at the next data; an empty piece is the end of the file."""
        if self.has_fault:
            return
        if _QUOTE not in data and _QUOTE not in self._rest:
            last = _behind_last_line(data)
            self._rest = last if len(last) < len(data) else self._rest + data
            return
        data = self._rest + (data or b"\n")
        values = np.frombuffer(data, np.uint8)
        quotes: _Places = np.flatnonzero(values == _QUOTE)
        bounds = self._paired(values, quotes)
        if bounds is None:
            bounds = self._one_by_one(data, quotes)
        if bounds is None:
            self.has_fault = True
            return
        is_line_end = values == _LINE_FEED
        if _RETURN in data:
            is_line_end |= values == _RETURN
        lines: _Places = np.flatnonzero(is_line_end)
        # Behind an odd number of bounds a quote is open.
        outside = lines[np.searchsorted(bounds, lines) % 2 == 0]
        self._check_records(data, bounds, lines, outside)
        self._rest = data[outside[-1] + 1 :] if len(outside) else data
        self.has_fault = self.has_fault or len(self._rest) > _LONGEST_RECORD

    def _paired(self, values: "npt.NDArray[np.uint8]", quotes: _Places) -> _Places | None:
        """The quotes, if each opens a cell, closes one or is half of a doubled one, in turn; None where that is not so."""
        opening, closing = quotes[0::2], quotes[1::2]
        before = np.where(opening > 0, values[opening - 1], _LINE_FEED)
        opens = self._ends[before]
        # Half of a doubled quote closes and opens at once.
        opens[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
        if not opens.all():
            return None
        at_end = closing == len(values) - 1
        after = values[np.where(at_end, 0, closing + 1)]
        if not (self._ends[after] | (after == _QUOTE) | at_end).all():
            return None
        # What follows the last byte is not known yet: this quote's record is looked at again with it.
        return quotes[:-1] if len(at_end) and at_end[-1] else quotes

    def _one_by_one(self, data: bytes, quotes: _Places) -> _Places | None:
        """The quotes that open and close cells, without those within cells that are not quoted; None for a fault."""
        bounds: list[int] = []
        places = iter(quotes.tolist())
        skipped = -1
        for place in places:
            if len(bounds) % 2 == 0:
                if place == 0 or self._ends[data[place - 1]]:
                    bounds.append(place)
                continue
            if place == skipped:
                continue
            if data[place + 1 : place + 2] == b'"':
                skipped = place + 1
                continue
            behind = place + 1
            while data[behind : behind + 1] and data[behind] in self._blanks:
                behind += 1
            if behind == len(data):
                break
            if not self._ends[data[behind]]:
                return None
            bounds.append(place)
        return np.array(bounds, np.intp)

    @property
    def _blanks(self) -> bytes:
        return BLANKS.replace(self._layout.delimiter, "").encode()

    def _check_records(self, data: bytes, bounds: _Places, lines: _Places, outside: _Places) -> None:
        """Look at the records with lines in quoted cells, as far as their end is there."""
        inside = np.searchsorted(outside, lines[np.searchsorted(bounds, lines) % 2 == 1])
        for end in np.unique(inside[inside < len(outside)]).tolist():
            start = outside[end - 1] + 1 if end else 0
            if may_hold_rows(data[start : outside[end]].decode("utf-8", "replace"), self._layout):
                self.has_fault = True
                return


def _behind_last_line(data: bytes) -> bytes:
    return data[max(data.rfind(b"\n"), data.rfind(b"\r")) + 1 :]
