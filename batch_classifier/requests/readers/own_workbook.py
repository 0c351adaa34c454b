"""How a workbook of results is known when it comes back: its first sheet says of whom the second is, and has no requests.

A reader passes over that sheet, so that a reviewed workbook can be imported, and a result file can be classified again.
"""

from collections.abc import Sequence

SUMMARY_SHEET = "Summary"
RESULTS_SHEET = "Results"
# What stands in the first cell of the summary; together with the sheets' names nobody else's workbook has it by chance.
SUMMARY_MARK = "Batch Classifier: results"


def may_be_results(sheets: Sequence[str]) -> bool:
    """Whether a workbook with these sheets can be one of results with a summary."""
    return tuple(sheets[:2]) == (SUMMARY_SHEET, RESULTS_SHEET)
