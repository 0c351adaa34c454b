"""Why a row of a workbook for labelling was drawn, in a column of its own: only what chance has drawn measures."""

from enum import StrEnum

DRAWN_COLUMN = "drawn"


class Drawn(StrEnum):
    """Why a row was drawn."""

    RANDOM = "random"
    UNCERTAIN = "uncertain"
    CATEGORY = "category"
