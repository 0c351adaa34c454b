"""Forgetting: what was found leaves every place, in an order in which whatever is interrupted can be finished.

First come the marks that keep a rerun from bringing it back, then the files, and the tables last: by their rows the rest is found
again when it is started again. What deleting leaves behind (free blocks, earlier versions) is noted as pending until it is gone.
"""

import datetime
from collections.abc import Callable, Collection, Iterable, Sequence

from batch_classifier.batches.forgetting import forget_texts, remove_batch
from batch_classifier.errors import ClassifierError
from batch_classifier.forgetting.audit import Forgetting, begin, finish, note
from batch_classifier.forgetting.find import Found, Places, request_files
from batch_classifier.notes.forgotten import file_mark, note_forgotten, record_mark, row_mark
from batch_classifier.notes.held_back import forget_held_back
from batch_classifier.notes.reruns import forget_reruns
from batch_classifier.notes.waiting import forget_waiting_file, jobs_waited_for
from batch_classifier.requests.request_files import input_key
from batch_classifier.results.forgetting import forget_results
from batch_classifier.storage.leftovers import remove_unfinished
from batch_classifier.training.forgetting import forget_model
from batch_classifier.warehouse.tables import CORRECTIONS
from batch_classifier.warehouse.wanted import KeyKind, Wanted


def forget(
    places: Places,
    found: Sequence[Found],
    wanted: Wanted,
    who: str,
    own_ids: Collection[str],
    now: Callable[[], datetime.datetime],
) -> Forgetting:
    """Remove what was found from every place, and add a line to the audit file.

    `own_ids` are the prompts whose request files have a column of record ids; elsewhere an id is the number of a row, and says
    nothing once the file has changed. Raises ClassifierError when a place can't be reached, or a job with such a text is under
    way; started again, it goes on.
    """
    for one in found:
        _check_jobs(places, one, wanted)
    forgetting = begin(places.kept, wanted, who, now())
    _count_in(forgetting, found)
    note(places.kept, forgetting)
    for one in found:
        _mark(places, one, wanted, one.prompt in own_ids)
        _forget_files(places, one, wanted)
        places.metadata(one.prompt, request_files(one, wanted), False)
    for one in found:
        if any(one.rows.counts.values()):
            places.warehouse.forget_rows(one.prompt, wanted, one.rows)
    has_corrections = any(place.endswith(f".{CORRECTIONS.name}") for place in forgetting.counts)
    if any(forgetting.request_files.values()) or has_corrections:
        places.warehouse.reclaim(forgetting.request_files, wanted, forgetting.text_ids)
    for folder in (places.customer, places.internal):
        remove_unfinished(folder, now())
    finish(places.kept, forgetting, now())
    return forgetting


def _check_jobs(places: Places, found: Found, wanted: Wanted) -> None:
    """Raise ClassifierError where a job has such a text, or is about to: it would write an answer to it afterwards."""
    names = {batch.batch.name for batch in found.batches}
    files = set(request_files(found, wanted)) if wanted.kind is KeyKind.FILE else set()
    for request_file, job in jobs_waited_for(places.internal, found.prompt):
        if request_file in files or any(f"-{name}-" in job for name in names):
            raise ClassifierError(
                f"The job {job} of the prompt {found.prompt} is not over and has a text that is to be forgotten; wait until "
                f"{request_file} is finished, or stop the job, and start again."
            )


def _count_in(forgetting: Forgetting, found: Iterable[Found]) -> None:
    """Add what was found to what an interrupted attempt had found."""
    for one in found:
        for place, count in one.counts().items():
            forgetting.counts[place] = max(count, forgetting.counts.get(place, 0))
        # With the rows the names of their files go from the tables, and the place that is to be cleared is found by them.
        files = {*forgetting.request_files.get(one.prompt, ()), *one.rows.request_files}
        forgetting.request_files[one.prompt] = sorted(files)
        forgetting.text_ids = sorted({*forgetting.text_ids, *one.text_ids})


def _mark(places: Places, found: Found, wanted: Wanted, has_own_ids: bool) -> None:
    if wanted.kind is KeyKind.FILE:
        stored = places.customer.find(input_key(found.prompt, wanted.value))
        if stored is not None and found.counts():
            note_forgotten(places.kept, found.prompt, wanted.value, files=[file_mark(stored.fingerprint)])
        return
    is_of_records = wanted.kind is KeyKind.RECORD_ID and has_own_ids
    for request_file in found.rows.request_files:
        rows = [row for row in found.rows.rows if row.request_file == request_file]
        note_forgotten(
            places.kept,
            found.prompt,
            request_file,
            records={record_mark(row.record_id) for row in rows} if is_of_records else (),
            rows={row_mark(row.record_id, row.text_id) for row in rows},
        )


def _forget_files(places: Places, found: Found, wanted: Wanted) -> None:
    ids = {request_file: found.rows.record_ids(request_file) for request_file in found.rows.request_files}
    forget_results(places.customer, found.prompt, wanted, ids, is_rehearsal=False)
    forget_model(places.internal, found.prompt, found.text_ids, is_rehearsal=False)
    for forgotten in found.batches:
        forget_texts(places.internal, forgotten.batch, found.text_ids, is_rehearsal=False)
        if forgotten.is_empty:
            remove_batch(places.internal, forgotten.batch, places.job_notes)
    folders = {forgotten.batch.folder for forgotten in found.batches}
    if folders:
        places.internal.forget_versions(f"{found.prompt}/", lambda key: "/".join(key.split("/")[:3]) in folders)
    if wanted.kind is KeyKind.FILE:
        forget_waiting_file(places.internal, found.prompt, wanted.value)
        forget_held_back(places.internal, found.prompt, wanted.value)
        forget_reruns(places.internal, found.prompt, wanted.value)
