"""The columns of a result file, and their values from a batch of classifications."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.warehouse.column import NUMBER, TEXT, WHOLE_NUMBER, Column
from batch_classifier.warehouse.corrections import MODEL_CLASS
from batch_classifier.warehouse.tables import CLASSIFICATIONS

if TYPE_CHECKING:
    import pyarrow as pa

ATTRIBUTES = "attributes"
# Where a format tells what it had to change in a row.
NOTE = "note"
_AT_CLASS = CLASSIFICATIONS.schema.get_field_index("class") + 1
_COLUMNS = (*CLASSIFICATIONS.columns[:_AT_CLASS], MODEL_CLASS, *CLASSIFICATIONS.columns[_AT_CLASS:])
_OURS = {column.in_results.name: column for column in _COLUMNS if column.in_results is not None}
# Those that only some files have.
OPTIONAL = [
    column.name for column in _OURS.values() if column.in_results is not None and column.in_results.only_where_filled
]
# What is no number is text in every format.
_NUMBERS = (NUMBER, WHOLE_NUMBER)


class ResultColumns:
    """What stands where in a result file: our columns as their definition says, with the request file's own ones among them.

    Args:
        own: keys of `attributes` that become columns.
        filled: names of those of `OPTIONAL` that the file has.

    Attributes:
        names: the header, each name once; an own column that would be mistaken for one of ours is called `file_…`.
        types: for each name, the Arrow type of its values in `arrays`: text, or a number.
        own: for each own column, its key in `attributes`, in the order of the header.
    """

    def __init__(self, own: Sequence[str], filled: Collection[str] = ()) -> None:
        self.own = list(dict.fromkeys(own))
        there = {name: column for name, column in _OURS.items() if column.name not in OPTIONAL or column.name in filled}
        self._first = {name: column for name, column in there.items() if not _is_behind(column)}
        self._last = {name: column for name, column in there.items() if _is_behind(column)}
        self.names = [*self._first, *_distinct(self.own), *self._last]
        first, last = (
            [column.type if column.type in _NUMBERS else TEXT for column in some.values()]
            for some in (self._first, self._last)
        )
        self.types = [*first, *(TEXT for _ in self.own), *last]

    def arrays(self, batch: "pa.RecordBatch") -> "list[pa.Array]":
        """The columns of a batch in the order of `names`, with `types`."""
        own = [_text_array(values) for values in self._own_values(batch)]
        return [*_arrays(batch, self._first.values()), *own, *_arrays(batch, self._last.values())]

    def lists(self, batch: "pa.RecordBatch", own_as_text: bool) -> list[list[Any]]:
        """The same as Python values, with the own columns' values as text or as they are in the JSON."""
        first, last = (
            [array.to_pylist() for array in _arrays(batch, some.values())] for some in (self._first, self._last)
        )
        own = self._own_values(batch)
        if own_as_text:
            own = [[_as_text(value) for value in values] for values in own]
        return [*first, *own, *last]

    def _own_values(self, batch: "pa.RecordBatch") -> list[list[Any]]:
        if not self.own:
            return []
        import orjson

        objects = [orjson.loads(text) if text else {} for text in batch.column(ATTRIBUTES).to_pylist()]
        return [[values.get(key) for values in objects] for key in self.own]


def columns_of(classifications: "Iterable[pa.RecordBatch]") -> ResultColumns:
    """The columns that these rows need in a result file; own ones in the order of their first appearance.

    The batches have the column `attributes`, and those of `OPTIONAL` that there are; one is in memory at a time.
    """
    import orjson

    names: dict[str, None] = {}
    known: set[tuple[str, ...]] = set()
    filled: set[str] = set()
    for batch in classifications:
        there = (name for name in OPTIONAL if name in batch.schema.names)
        filled.update(name for name in there if batch[name].null_count < batch.num_rows)
        for text in batch[ATTRIBUTES].to_pylist():
            keys = tuple(orjson.loads(text)) if text else ()
            if keys not in known:
                known.add(keys)
                names.update(dict.fromkeys(keys))
    return ResultColumns(list(names), filled)


def _is_behind(column: Column) -> bool:
    return column.in_results is not None and column.in_results.behind_own_columns


def _arrays(batch: "pa.RecordBatch", columns: Iterable[Column]) -> "list[pa.Array]":
    return [batch.column(column.name).cast(column.type if column.type in _NUMBERS else TEXT) for column in columns]


def _text_array(values: list[Any]) -> "pa.Array":
    import pyarrow as pa

    try:
        # Most columns hold nothing but texts; to look at each of them first takes three times as long.
        return pa.array(values, TEXT)
    except pa.ArrowException:
        return pa.array(map(_as_text, values), TEXT)


def _as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    import orjson

    return orjson.dumps(value).decode()


def _distinct(own: Sequence[str]) -> list[str]:
    """Names for own columns that are neither ours nor another's; tables ignore case, so this does too."""
    taken = set(_OURS) | {name.casefold() for name in own}
    names = []
    for name in own:
        free = name
        number = 1
        while free.casefold() in _OURS or (free != name and free.casefold() in taken):
            free = f"file_{name}" if number == 1 else f"file_{name}_{number}"
            number += 1
        taken.add(free.casefold())
        names.append(free)
    return names
