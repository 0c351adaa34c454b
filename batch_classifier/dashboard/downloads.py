"""Selected texts as a file to take away: CSV or a workbook, made when it is asked for."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import streamlit as st

from batch_classifier.dashboard.filters import View
from batch_classifier.dashboard.project import reading
from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.texts import DOWNLOADED, MOST_DOWNLOADED, downloaded_rows
from batch_classifier.results.formulas import guarded
from batch_classifier.results.xlsx_file import write_rows

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def offer_downloads(view: View) -> None:
    """Two buttons: the selected texts as CSV and as XLSX."""
    left, right = st.columns(2)
    name = f"{view.prompt.name}_texts"
    # Which page is asked for may change before the file is made; what was selected then is what it holds.
    left.download_button(
        "Download as CSV", lambda: _csv(view), f"{name}.csv", "text/csv", on_click="ignore", width="stretch"
    )
    right.download_button(
        "Download as XLSX", lambda: _xlsx(view), f"{name}.xlsx", _XLSX, on_click="ignore", width="stretch"
    )
    st.caption(f"What is selected, up to {MOST_DOWNLOADED:,} rows; result files have all rows of a file.")


def _cells(view: View) -> Iterator[list[Any]]:
    with downloaded_rows(PromptTables(reading(), view.prompt), view.selection) as batches:
        for batch in batches:
            for row in batch.to_pylist():
                yield [row[name] for name in DOWNLOADED]


def _csv(view: View) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(DOWNLOADED)
    for row in _cells(view):
        writer.writerow(
            [guarded(one.replace("\0", "")) if isinstance(one, str) else "" if one is None else one for one in row]
        )
    return file.getvalue().encode("utf-8-sig")


def _xlsx(view: View) -> bytes:
    file = io.BytesIO()
    write_rows(_cells(view), list(DOWNLOADED), file)
    return file.getvalue()
