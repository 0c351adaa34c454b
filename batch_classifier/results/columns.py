"""The columns of a result file, and their values from a batch of classifications."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from batch_classifier.prompts.prompt import InputColumns
from batch_classifier.results.cell_kinds import ColumnKind, Kind, SeenValues
from batch_classifier.warehouse.column import NUMBER, TEXT, WHOLE_NUMBER, Column
from batch_classifier.warehouse.corrections import MODEL_CLASS
from batch_classifier.warehouse.tables import CLASSIFICATIONS

if TYPE_CHECKING:
    import pyarrow as pa

ATTRIBUTES = "attributes"
# Where a format tells what it had to change in a row.
NOTE = "note"
ID = "id"
_RECORD_ID = "record_id"
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
        given: what the request file calls some of ours, by our names.
        own_kinds: what the own columns are in a workbook, by their keys.
        id_kind: what the records' ids are there.

    Attributes:
        names: the header, each name once; an own column that would be mistaken for one of ours is called `file_…`.
        ours: those of the names that are ours.
        names_as_given: the header of a workbook, where the file's columns have their own names.
        types: for each name, the Arrow type of its values in `arrays`: text, or a number.
        own: for each own column, its key in `attributes`, in the order of the header.
        kinds: by the place in the header, what the cells of a workbook are.
    """

    def __init__(
        self,
        own: Sequence[str],
        filled: Collection[str] = (),
        given: Mapping[str, str] | None = None,
        own_kinds: Mapping[str, ColumnKind] | None = None,
        id_kind: ColumnKind | None = None,
    ) -> None:
        self.own = list(dict.fromkeys(own))
        there = {name: column for name, column in _OURS.items() if column.name not in OPTIONAL or column.name in filled}
        self._first = {name: column for name, column in there.items() if not _is_behind(column)}
        self._last = {name: column for name, column in there.items() if _is_behind(column)}
        self.ours = [*self._first, *self._last]
        self.names = [*self._first, *_distinct(self.own, _OURS), *self._last]
        self.names_as_given = self._names_as_given(given or {})
        kinds = own_kinds or {}
        self.kinds = {place: kinds[key] for place, key in enumerate(self.own, len(self._first)) if key in kinds}
        if id_kind is not None:
            self.kinds[self.names.index(ID)] = id_kind
        first, last = (
            [column.type if column.type in _NUMBERS else TEXT for column in some.values()]
            for some in (self._first, self._last)
        )
        self.types = [*first, *(TEXT for _ in self.own), *last]

    def _names_as_given(self, given: Mapping[str, str]) -> list[str]:
        """The header in the file's own words; a word that is another column's name already stays ours."""
        taken = {name.casefold() for name in (*_OURS, *self.own)}
        said = []
        for name in (*self._first, *self._last):
            word = given.get(name, name)
            said.append(name if word.casefold() in taken - {name.casefold()} else word)
            taken.add(said[-1].casefold())
        reserved = {*(name for name in _OURS if given.get(name) not in said), *(name.casefold() for name in said)}
        own = _distinct(self.own, reserved)
        return [*said[: len(self._first)], *own, *said[len(self._first) :]]

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

    def workbook_lists(self, batch: "pa.RecordBatch") -> list[list[Any]]:
        """The same with the values that a workbook's cells have, in the order of `names_as_given`."""
        lists = self.lists(batch, own_as_text=True)
        for place, kind in self.kinds.items():
            if kind.kind is not Kind.TEXT:
                lists[place] = [kind.value(value) for value in lists[place]]
        return lists

    def _own_values(self, batch: "pa.RecordBatch") -> list[list[Any]]:
        if not self.own:
            return []
        import orjson

        objects = [orjson.loads(text) if text else {} for text in batch.column(ATTRIBUTES).to_pylist()]
        return [[values.get(key) for values in objects] for key in self.own]


def columns_of(classifications: "Iterable[pa.RecordBatch]", given: InputColumns | None = None) -> ResultColumns:
    """The columns that these rows need in a result file; own ones in the order of their first appearance.

    The batches have the column `attributes`, and those of `OPTIONAL` that there are; one is in memory at a time. With the prompt's
    `input` it is also found what the columns are in a workbook: their names, and from `record_id` and all values their kinds.
    """
    import orjson

    seen: dict[str, SeenValues] = {}
    ids = SeenValues()
    known: set[tuple[str, ...]] = set()
    filled: set[str] = set()
    for batch in classifications:
        there = (name for name in OPTIONAL if name in batch.schema.names)
        filled.update(name for name in there if batch[name].null_count < batch.num_rows)
        for text in batch[ATTRIBUTES].to_pylist():
            values = orjson.loads(text) if text else {}
            keys = tuple(values)
            if keys not in known:
                known.add(keys)
                seen.update({key: SeenValues() for key in keys if key not in seen})
            if given is not None:
                for key, value in values.items():
                    seen[key].see(value if isinstance(value, str) else _as_text(value))
        if given is not None:
            for record_id in batch[_RECORD_ID].to_pylist():
                ids.see(record_id)
    kinds = {key: one.kind for key, one in seen.items()}
    if given is None:
        return ResultColumns(list(seen), filled)
    return ResultColumns(list(seen), filled, _given(given), kinds, ids.kind)


def _given(given: InputColumns) -> dict[str, str]:
    words = {ID: given.id, "input_text": given.text, "expected_class": given.label}
    return {name: word for name, word in words.items() if word}


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


def _distinct(own: Sequence[str], ours: Collection[str]) -> list[str]:
    """Names for own columns that are neither ours nor another's; tables ignore case, so this does too."""
    taken = set(ours) | {name.casefold() for name in own}
    names = []
    for name in own:
        free = name
        number = 1
        while free.casefold() in ours or (free != name and free.casefold() in taken):
            free = f"file_{name}" if number == 1 else f"file_{name}_{number}"
            number += 1
        taken.add(free.casefold())
        names.append(free)
    return names
