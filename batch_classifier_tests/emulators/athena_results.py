"""Results in the form that Athena gives them: the CSV in the output location, and the types of its columns."""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

# DuckDB's names of types, and Athena's. Sums of whole numbers are wider in DuckDB than in Athena.
_TYPES = {
    "VARCHAR": "varchar",
    "BIGINT": "bigint",
    "HUGEINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TINYINT": "tinyint",
    "DOUBLE": "double",
    "FLOAT": "float",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result; precision and scale are those of a decimal."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True)
class AthenaResult:
    """All rows of a result."""

    columns: Sequence[ResultColumn]
    rows: Sequence[tuple[Any, ...]]

    def texts(self) -> Iterator[list[str | None]]:
        """The rows as Athena writes them: text in every cell, or nothing."""
        for row in self.rows:
            yield [_text(value) for value in row]


def read_columns(description: Sequence[tuple]) -> list[ResultColumn]:
    """The columns of a DuckDB cursor's description."""
    columns = []
    for name, kind, *_ in description:
        decimal = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", str(kind))
        if decimal:
            columns.append(ResultColumn(name, "decimal", int(decimal[1]), int(decimal[2])))
        else:
            columns.append(ResultColumn(name, _TYPES.get(str(kind), "varchar")))
    return columns


def column_information(columns: Sequence[ResultColumn]) -> list[dict[str, Any]]:
    """The columns as GetQueryResults describes them."""
    return [
        {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": column.name,
            "Label": column.name,
            "Type": column.type,
            "Precision": column.precision,
            "Scale": column.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": column.type == "varchar",
        }
        for column in columns
    ]


def write_csv(result: AthenaResult) -> bytes:
    """The result file: every value in quotes, a null as nothing at all."""
    names = [column.name for column in result.columns]
    rows: list[list[str | None]] = [[*names], *result.texts()]
    lines = [",".join("" if cell is None else _quoted(cell) for cell in row) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _java_double(value)
    if isinstance(value, datetime.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}{' UTC' if value.tzinfo else ''}"
    return str(value)


def _java_double(value: float) -> str:
    # Java's way: Infinity, and a point also before an exponent.
    text = repr(value)
    if text in ("inf", "-inf", "nan"):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[text]
    mantissa, mark, exponent = text.partition("e")
    return text if not mark else f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"
