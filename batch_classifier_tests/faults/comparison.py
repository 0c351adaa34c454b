"""What a request file came to, as far as people can see it, and how that differs from what an undisturbed run came to."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

# Differs from run to run without anybody having a reason to mind.
MOMENTS = frozenset({"answered_at", "submitted_at", "ended_at", "classified_at"})
# What the last run of a file sent to a model, and no more.
OF_LAST_RUN = frozenset({"bedrock_jsonl", "batch_job"})
_OF_ATTEMPT = re.compile(r"/answers-[a-z_]+-\d+/|/attempt-\d+\.jsonl$|/local_jobs/")
_DATE = re.compile(r"/\d{4}-\d\d-\d\d/")
_SHOWN = 3

Rows = Sequence[Mapping[str, Any]]


@dataclass
class Outcome:
    """What is there when all is over.

    Attributes:
        tables: the rows of each table, in their order.
        results: the content of each result file, by its name; whatever can be compared.
        files: the names of all files of the project but Dagster's own.
        left_over: what runs have left where temporary files are.
        slots: who still has or waits for a place in a pool.
        runs: runs that Dagster takes for running or queued.
        locks: locks that somebody still holds.
        asked: how many times a model was asked about each text.
    """

    tables: dict[str, Rows] = field(default_factory=dict)
    results: dict[str, Any] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    left_over: list[str] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    locks: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)


def differences(
    undisturbed: Outcome,
    seen: Outcome,
    in_flight: bool = False,
    also_there: Sequence[str] = (),
    is_repeated: bool = False,
    has_failed_job: bool = False,
) -> list[str]:
    """What is not as in the undisturbed run, a sentence each; none when nobody can tell the two apart.

    Args:
        undisturbed: what is to be.
        seen: what is.
        in_flight: whether texts were on their way to the model when the fault struck: each may have been asked once more.
        also_there: patterns of files that may be there besides, as those of an earlier version of the prompt.
        is_repeated: whether all texts had their class before the last run: it needs no batches, and lists none.
        has_failed_job: whether a job has failed in all honesty; that is in `batch_job`, and the next attempt has files of its own.
    """
    if has_failed_job:
        undisturbed, seen = _of_any_attempt(undisturbed), _of_any_attempt(seen)
    found: list[str] = []
    for name in sorted(undisturbed.tables.keys() | seen.tables.keys()):
        rows = seen.tables.get(name, ())
        if rows or not (is_repeated and name in OF_LAST_RUN):
            found += _of_rows(name, undisturbed.tables.get(name, ()), rows)
    wanted, there = _undated(undisturbed.results), _undated(seen.results)
    found += [f"the result file {name} is missing" for name in sorted(wanted.keys() - there.keys())]
    found += [f"there is a result file {name}" for name in sorted(there.keys() - wanted.keys())]
    found += [
        f"the result file {name} has other content"
        for name in sorted(wanted.keys() & there.keys())
        if wanted[name] != there[name]
    ]
    found += _of_files({_DATE.sub("/<date>/", name) for name in undisturbed.files}, seen.files, also_there)
    found += [f"left over: {name}" for name in seen.left_over]
    found += [f"a place in a pool is not free: {slot}" for slot in seen.slots]
    found += [f"a run has not ended: {run}" for run in seen.runs]
    found += [f"a lock is held: {lock}" for lock in seen.locks]
    return found + _of_calls(undisturbed.asked, seen.asked, in_flight)


def _of_any_attempt(outcome: Outcome) -> Outcome:
    """Without what is of one attempt: its job, what it asked, and its answers."""
    tables = {name: rows for name, rows in outcome.tables.items() if name != "batch_job"}
    return replace(outcome, tables=tables, files={name for name in outcome.files if not _OF_ATTEMPT.search(name)})


def _undated(results: Mapping[str, Any]) -> dict[str, Any]:
    return {_DATE.sub("/<date>/", name): content for name, content in results.items()}


def _of_rows(name: str, wanted: Rows, there: Rows) -> list[str]:
    found = []
    if len(wanted) != len(there):
        found.append(f"{name} has {len(there)} rows instead of {len(wanted)}")
    for number, (one, other) in enumerate(zip(wanted, there, strict=False), 1):
        columns = sorted(
            column
            for column in one.keys() | other.keys()
            if column not in MOMENTS and one.get(column) != other.get(column)
        )
        if columns:
            found.append(f"row {number} of {name} differs in {', '.join(columns)}")
    return _some(found)


def _of_files(wanted: set[str], names: set[str], also_there: Sequence[str]) -> list[str]:
    there = {_DATE.sub("/<date>/", name) for name in names}
    strays = [name for name in sorted(there - wanted) if not any(re.search(pattern, name) for pattern in also_there)]
    return _some([f"the file {name} is missing" for name in sorted(wanted - there)]) + _some(
        [f"a stray file: {name}" for name in strays]
    )


def _of_calls(wanted: Counter[str], asked: Counter[str], in_flight: bool) -> list[str]:
    allowed = 1 if in_flight else 0
    found = [f"a text was never asked about: {text[:40]!r}" for text in wanted if text not in asked]
    found += [
        f"a text was asked about that is none of the file's: {text[:40]!r}" for text in asked if text not in wanted
    ]
    found += [
        f"a text was asked about {times} times instead of {wanted[text]}: {text[:40]!r}"
        for text, times in asked.items()
        if text in wanted and times > wanted[text] + allowed
    ]
    return _some(found)


def _some(found: list[str]) -> list[str]:
    return found[:_SHOWN] + ([f"and {len(found) - _SHOWN} more of these"] if len(found) > _SHOWN else [])
