"""Plain tables for a terminal."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from batch_classifier.wording import fit_line


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str | tuple[str, ...]]], numbers: Sequence[str] = ()
) -> None:
    """Print a table; the columns in `numbers` are set to the right, and the strings of a tuple stand below each other."""
    table = Table(show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), justify="right" if column in numbers else "left", overflow="fold")
    for row in rows:
        # As a text and not as a string, in which rich would look for its markup: [red], :smile:.
        lines = ((cell,) if isinstance(cell, str) else cell for cell in row)
        table.add_row(*(Text("\n".join(map(fit_line, cell))) for cell in lines))
    Console(soft_wrap=False).print(table)
