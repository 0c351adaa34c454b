"""Plain tables for a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[str] = ()) -> None:
    """Print a table; the columns in `numbers` are set to the right."""
    table = Table(show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        # Markup off: a file's or a category's name may hold square brackets.
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    Console(soft_wrap=False).print(table)
