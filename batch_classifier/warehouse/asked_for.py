"""What a job's texts were asked for: the values of the column `asked_for` of the bill."""

from enum import StrEnum


class AskedFor(StrEnum):
    """Both are paid, and count in the month's budget; only a request file's texts stand in rows."""

    REQUEST_FILE = "request_file"
    EVALUATION = "evaluation"  # measured on a labelled file (docs/evaluation.md)
