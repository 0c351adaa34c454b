"""Which waiting files go on: those with a finished job, and the oldest of those that wait for a place that is free."""

import pytest

from batch_classifier.inference.interface import Job, JobState
from batch_classifier.jobs.turns import WaitingFile, models_with_unsent_jobs, whose_turn
from batch_classifier.notes.waiting import Waiting


def file(
    name: str,
    sent: dict[str, JobState | None] | None = None,
    unsent: tuple[str, ...] = (),
    model: str = "haiku",
    by_others: dict[str, JobState] | None = None,
    is_running: bool = False,
) -> WaitingFile:
    """A file with jobs in these states (None: the service did not tell) and these that it had no place for."""
    states: dict[str, JobState | None] = {**(sent or {}), **{job: (by_others or {}).get(job) for job in unsent}}
    jobs = {job: None if state is None else Job(job, f"arn:{job}", state) for job, state in states.items()}
    noted = Waiting("travel", name, "2026", {job: f"arn:{job}" for job in sent or {}}, unsent, model)
    return WaitingFile(noted, model, jobs, is_running)


RUNS, DONE, STOPPED = JobState.IN_PROGRESS, JobState.COMPLETED, JobState.STOPPED

# reason: files, free places by model, who goes on
TURNS = {
    "nobody waits": ([], {"haiku": 5}, []),
    "a job that is under way is left alone": ([file("a", {"1": RUNS})], {}, []),
    "a job that nothing is known of is left alone": ([file("a", {"1": None})], {}, []),
    "a job that is over brings its file back": ([file("a", {"1": DONE})], {}, ["a"]),
    "one of two jobs is enough": ([file("a", {"1": RUNS, "2": STOPPED})], {}, ["a"]),
    "a place that is free is taken": ([file("a", unsent=("1",))], {"haiku": 1}, ["a"]),
    "without a place there is none": ([file("a", unsent=("1",))], {"haiku": 0}, []),
    "a model that was not asked has none": ([file("a", unsent=("1",))], {}, []),
    "the oldest gets the only place": ([file("a", unsent=("1",)), file("b", unsent=("2",))], {"haiku": 1}, ["a"]),
    "each of two gets one": ([file("a", unsent=("1",)), file("b", unsent=("2",))], {"haiku": 2}, ["a", "b"]),
    "a file of many jobs begins with one place and keeps the next ones": (
        [file("a", unsent=("1", "2", "3")), file("b", unsent=("4",))],
        {"haiku": 2},
        ["a"],
    ),
    "places are counted by model": (
        [file("a", unsent=("1",)), file("b", unsent=("2",), model="nova")],
        {"haiku": 0, "nova": 1},
        ["b"],
    ),
    "a job that two files share takes one place, and one file sends it": (
        [file("a", unsent=("1",)), file("b", unsent=("1",)), file("c", unsent=("2",))],
        {"haiku": 2},
        ["a", "c"],
    ),
    "a job that another file has sent needs no place": (
        [file("a", unsent=("1",), by_others={"1": RUNS}), file("b", unsent=("2",))],
        {"haiku": 1},
        ["b"],
    ),
    "a job that another file has sent is over": ([file("a", unsent=("1",), by_others={"1": DONE})], {}, ["a"]),
    "a file that a run is at is not sent for": ([file("a", {"1": DONE}, is_running=True)], {}, []),
    "a file that a run is at keeps its place": (
        [file("a", unsent=("1",), is_running=True), file("b", unsent=("2",))],
        {"haiku": 1},
        [],
    ),
    "a finished job brings its file back without a place": (
        [file("a", {"1": DONE}, unsent=("2",)), file("b", unsent=("3",))],
        {"haiku": 1},
        ["a"],
    ),
}


@pytest.mark.parametrize(("files", "places", "going_on"), TURNS.values(), ids=TURNS.keys())
def test_whose_turn_it_is(files: list[WaitingFile], places: dict[str, int], going_on: list[str]) -> None:
    assert [one.waiting.request_file for one in whose_turn(files, places)] == going_on


def test_places_are_asked_for_where_they_matter() -> None:
    files = [
        file("a", {"1": RUNS}),
        file("b", unsent=("2",), model="nova"),
        file("c", unsent=("3",), model="nova"),
        file("d", unsent=("4",), by_others={"4": RUNS}, model="llama"),
    ]
    assert {model: one.waiting.request_file for model, one in models_with_unsent_jobs(files).items()} == {"nova": "b"}
