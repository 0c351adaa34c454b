"""Rows that are to be forgotten leave the result files, of whatever day: each file is written anew without them."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from zipfile import BadZipFile

from batch_classifier.errors import ClassifierError
from batch_classifier.results.formats import FORMATS
from batch_classifier.results.formulas import guarded
from batch_classifier.results.removing_rows import REMOVERS, Row
from batch_classifier.results.result_key import OUTPUT, names_of_results
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.removing import rewriting
from batch_classifier.warehouse.wanted import KeyKind, Wanted


def forget_results(
    customer: Folder, prompt: str, wanted: Wanted, record_ids: Mapping[str, Collection[str]], is_rehearsal: bool
) -> dict[str, int]:
    """Remove the wanted rows from a prompt's result files; returns how many rows of which file, by key.

    `record_ids` are those of the rows that the tables have, by request file. With a file all its results go; then the number
    is that of the files. Raises ClassifierError for a file that is not as it was written.
    """
    files = [wanted.value] if wanted.kind is KeyKind.FILE else []
    owners: dict[str, set[str]] = defaultdict(set)
    for owner in (*record_ids, *files):
        for name in names_of_results(prompt, owner, FORMATS):
            owners[name].add(owner)
    removed = {}
    for key in _result_files(customer, prompt):
        # Of files that share a name it may be of any: what is to be forgotten goes from each.
        possible = owners.get(_rest(key), set())
        if wanted.kind is KeyKind.FILE:
            if wanted.value in possible:
                removed[key] = 1
                if not is_rehearsal:
                    customer.delete(key)
        else:
            ids = {one for owner in possible for one in record_ids.get(owner, ())}
            if count := _remove_rows(customer, key, _unwanted(wanted, ids), is_rehearsal):
                removed[key] = count
    if not is_rehearsal:
        # Also of files that an interrupted attempt has been at.
        customer.forget_versions(f"{OUTPUT}/{prompt}/", lambda key: key in removed or _rest(key) in owners)
    return removed


def _result_files(customer: Folder, prompt: str) -> Iterator[str]:
    for file in list(customer.list(f"{OUTPUT}/{prompt}/")):
        if file.key.count("/") >= 3 and file.key.rsplit(".", 1)[-1] in REMOVERS:
            yield file.key


def _rest(key: str) -> str:
    """What follows the day in a result's key."""
    return key.split("/", 3)[-1]


def _unwanted(wanted: Wanted, record_ids: Collection[str]) -> Callable[[Row], bool]:
    ids = {*record_ids} | ({wanted.value} if wanted.kind is KeyKind.RECORD_ID else set())
    # In CSV a sign that begins a formula has a mark before it, also inside a text.
    ids |= {guarded(one) for one in ids}

    def is_unwanted(row: Row) -> bool:
        if str(row.get("id")) in ids:
            return True
        return any(
            wanted.is_in(value) or ("'" in value and wanted.is_in(value.replace("'", "")))
            for value in row.values()
            if isinstance(value, str)
        )

    return is_unwanted


def _remove_rows(customer: Folder, key: str, is_unwanted: Callable[[Row], bool], is_rehearsal: bool) -> int:
    try:
        with rewriting(customer, key, is_rehearsal) as file:
            file.removed = REMOVERS[key.rsplit(".", 1)[-1]](file.source, file.target, is_unwanted)
        return file.removed
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise ClassifierError(
            f"{customer.uri_of(key)} is not as it was written ({type(error).__name__}), and is not changed; "
            "move it out of the folder or delete it, and start again."
        ) from error
