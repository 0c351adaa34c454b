"""Where result files stand in the customer's folder."""

import datetime

from batch_classifier.requests.readers.formats import SUPPORTED_SUFFIXES
from batch_classifier.storage.file_name import fitting_name

OUTPUT = "output_data"


def result_key(prompt: str, request_file: str, date: datetime.date, format: str) -> str:
    """The key of a result file. The request file's suffix stays in its name: calls.csv and calls.json are two files.

    A name that would be too long for a file is cut, so that no file is refused after all the work.
    """
    stem = request_file
    for suffix in SUPPORTED_SUFFIXES:
        if request_file.lower().endswith(suffix):
            at = len(request_file) - len(suffix)
            stem = f"{request_file[:at]}_{request_file[at + 1 :].replace('.', '_')}"
            break
    folder, slash, name = stem.rpartition("/")
    return f"{OUTPUT}/{prompt}/{date.isoformat()}/{folder}{slash}{fitting_name(name, f'.{format}')}"
