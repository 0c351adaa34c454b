"""Where result files stand in the customer's folder."""

import datetime

from batch_classifier.requests.readers.request_file import SUPPORTED_SUFFIXES

OUTPUT = "output_data"


def result_key(prompt: str, request_file: str, date: datetime.date, format: str) -> str:
    """The key of a result file. The request file's suffix stays in its name: calls.csv and calls.json are two files."""
    stem = request_file
    for suffix in SUPPORTED_SUFFIXES:
        if request_file.lower().endswith(suffix):
            at = len(request_file) - len(suffix)
            stem = f"{request_file[:at]}_{request_file[at + 1 :].replace('.', '_')}"
            break
    return f"{OUTPUT}/{prompt}/{date.isoformat()}/{stem}.{format}"
