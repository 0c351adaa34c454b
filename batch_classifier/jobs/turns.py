"""Whose turn it is: which of the request files that wait go on now, the one that waits longest first.

A file goes on when one of its jobs is over, or when a place is free for a job that it could not send. Free places are
promised in the order in which the files began to wait, whichever prompt of the model they are of.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from batch_classifier.inference.interface import Job
from batch_classifier.notes.waiting import Waiting


@dataclass(frozen=True)
class WaitingFile:
    """A request file that waits, with what the service tells of its jobs now.

    Attributes:
        model: the model that its jobs ask; places are counted for each.
        jobs: its jobs by name, None for one that the service did not tell of. Also those it had no place for: files share
            batches, and another file may have sent them.
        is_running: whether a run is at the file already; then it is not sent for, but keeps the places it is promised.
    """

    waiting: Waiting
    model: str
    jobs: Mapping[str, Job | None] = field(default_factory=dict)
    is_running: bool = False

    @property
    def unsent(self) -> set[str]:
        """The names of the jobs that still wait for a place."""
        return {name for name in self.waiting.unsent if self.jobs.get(name) is None}

    @property
    def has_finished_job(self) -> bool:
        """Whether one of its jobs is over."""
        return any(job is not None and job.state.is_over for job in self.jobs.values())


def models_with_unsent_jobs(files: Iterable[WaitingFile]) -> dict[str, WaitingFile]:
    """The models at which a place matters, each with the first file that needs one."""
    found: dict[str, WaitingFile] = {}
    for file in files:
        if file.unsent:
            found.setdefault(file.model, file)
    return found


def whose_turn(files: Sequence[WaitingFile], free_places: Mapping[str, int]) -> list[WaitingFile]:
    """The files that go on, in order. `files` come with those first that wait longest; `free_places` are by model."""
    promised: dict[str, set[str]] = {}
    going_on = []
    for file in files:
        gets_place = False
        if unsent := file.unsent:
            # One job is one place, however many files share it; also those keep theirs that a run is at and that have not
            # taken it yet.
            taken = promised.setdefault(file.model, set())
            gets_place = len(taken) < free_places.get(file.model, 0) and not unsent <= taken
            taken |= unsent
        if (file.has_finished_job or gets_place) and not file.is_running:
            going_on.append(file)
    return going_on
