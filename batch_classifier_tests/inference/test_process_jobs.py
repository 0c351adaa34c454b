"""Jobs that a process does itself, and another process that asks for the same one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from batch_classifier.inference.interface import Job, JobRequest, JobState
from batch_classifier.inference.process_jobs import ProcessJobs
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.support.repository import sample_prompt

WAIT_SECONDS = 20.0


def test_a_job_that_another_process_ends_before_the_lock_is_had_is_not_done_again(tmp_path: Path) -> None:
    done: list[str] = []
    may_end, is_free = threading.Event(), threading.Event()
    request = JobRequest("tickets-1", load_prompt(sample_prompt("travel")), "travel/a.jsonl", "answers/tickets-1", 1)

    def work(asked: JobRequest, job: Job, note: Callable[[Job], None]) -> Job:
        done.append(asked.name)
        assert may_end.wait(WAIT_SECONDS)
        return job

    @contextmanager
    def lock_of_the_first(_: str) -> Iterator[bool]:
        yield True
        is_free.set()

    @contextmanager
    def lock_of_the_second(_: str) -> Iterator[bool]:
        may_end.set()
        assert is_free.wait(WAIT_SECONDS)
        yield True

    first = ProcessJobs("local", LocalFolder(tmp_path), lock_of_the_first, work)
    second = ProcessJobs("local", LocalFolder(tmp_path), lock_of_the_second, work)
    job = first.submit(request)
    while second.find(request.name) is None:
        is_free.wait(0.01)
    second.submit(request)
    second._threads[request.name].join(WAIT_SECONDS)
    assert done == [request.name]
    assert second.look_up(job.arn).state == JobState.COMPLETED
