"""Where result files stand in the customer's folder, and which request files a result may be of."""

import datetime
from collections.abc import Iterable

from batch_classifier.requests.readers.formats import SUPPORTED_SUFFIXES
from batch_classifier.requests.request_files import input_key
from batch_classifier.storage.file_name import fitting_name
from batch_classifier.storage.folder import Folder

OUTPUT = "output_data"


def result_key(prompt: str, request_file: str, date: datetime.date, format: str, has_namesakes: bool = False) -> str:
    """The key of a result file: called as the request file, with a suffix of its own.

    Where another request file has the same name but for the suffix (`has_namesakes`), the suffix stays in the name:
    calls.csv and calls.json are two files. A name that would be too long for a file is cut, so that no file is refused after
    all the work.
    """
    stem, suffix = _parts(request_file)
    folder, slash, name = (f"{stem}_{suffix}" if has_namesakes and suffix else stem).rpartition("/")
    return f"{OUTPUT}/{prompt}/{date.isoformat()}/{folder}{slash}{fitting_name(name, f'.{format}')}"


def has_namesakes(customer: Folder, prompt: str, request_file: str) -> bool:
    """Whether another request file that is there would have results of the same names; raises ClassifierError."""
    mine, stem = _short_name(request_file), _parts(request_file)[0]
    return any(
        file.key != input_key(prompt, request_file)
        and _short_name(file.key.removeprefix(input_key(prompt, ""))) == mine
        for file in customer.list(input_key(prompt, stem))
    )


def names_of_results(prompt: str, request_file: str, formats: Iterable[str]) -> set[str]:
    """What results of a request file are called below the day's folder, with and without namesakes."""
    return {
        result_key(prompt, request_file, datetime.date.min, format, is_long).split("/", 3)[-1]
        for format in formats
        for is_long in (False, True)
    }


def _short_name(request_file: str) -> str:
    return result_key("", request_file, datetime.date.min, "")


def _parts(request_file: str) -> tuple[str, str]:
    """The name of a request file without its suffix, and the suffix without dots."""
    for suffix in SUPPORTED_SUFFIXES:
        if request_file.lower().endswith(suffix):
            at = len(request_file) - len(suffix)
            return request_file[:at], request_file[at + 1 :].replace(".", "_")
    return request_file, ""
