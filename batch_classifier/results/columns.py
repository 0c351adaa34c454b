"""The columns of a result file, and their values from a batch of classifications."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_FIRST = {"id": "record_id", "input_text": "input_text", "class": "class", "rationale": "rationale", "status": "status"}
_LAST = {"confidence": "confidence", "note": "error"}
_RESERVED = frozenset({*_FIRST, "expected_class", *_LAST})


class ResultColumns:
    """What stands where in a result file.

    Attributes:
        names: the header, each name once; an own column that would be mistaken for one of ours is called `file_…`.
        own: for each own column, its key in `attributes`, in the order of the header.
    """

    def __init__(self, own: Sequence[str], with_expected_class: bool) -> None:
        self.own = list(dict.fromkeys(own))
        self._first = _FIRST | ({"expected_class": "expected_class"} if with_expected_class else {})
        self.names = [*self._first, *_distinct(self.own), *_LAST]

    def arrays(self, batch: "pa.RecordBatch") -> "list[pa.Array]":
        """The columns of a batch in the order of `names`: strings, but for the confidence, which is a double."""
        import pyarrow as pa

        first = [batch.column(source).cast(pa.string()) for source in self._first.values()]
        own = [pa.array(map(_as_text, values), pa.string()) for values in self._own_values(batch)]
        confidence = batch.column("confidence").cast(pa.float64())
        return [*first, *own, confidence, batch.column("error").cast(pa.string())]

    def lists(self, batch: "pa.RecordBatch", own_as_text: bool) -> list[list[Any]]:
        """The same as Python values, with the own columns' values as text or as they are in the JSON."""
        first = [batch.column(source).to_pylist() for source in self._first.values()]
        last = [batch.column(source).to_pylist() for source in _LAST.values()]
        own = self._own_values(batch)
        if own_as_text:
            own = [[_as_text(value) for value in values] for values in own]
        return [*first, *own, *last]

    def _own_values(self, batch: "pa.RecordBatch") -> list[list[Any]]:
        if not self.own:
            return []
        import orjson

        objects = [orjson.loads(text) if text else {} for text in batch.column("attributes").to_pylist()]
        return [[values.get(key) for values in objects] for key in self.own]


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    import orjson

    return orjson.dumps(value).decode()


def _distinct(own: Sequence[str]) -> list[str]:
    """Names for own columns that are neither ours nor another's; tables ignore case, so this does too."""
    taken = set(_RESERVED) | {name.casefold() for name in own}
    names = []
    for name in own:
        free = name
        number = 1
        while free.casefold() in _RESERVED or (free != name and free.casefold() in taken):
            free = f"file_{name}" if number == 1 else f"file_{name}_{number}"
            number += 1
        taken.add(free.casefold())
        names.append(free)
    return names
