"""Projects for the suite of faults, and what undisturbed runs come to."""

import os
import pickle
from collections.abc import Callable
from functools import cache

import pytest
from filelock import FileLock

from batch_classifier_tests.faults.cases import Where
from batch_classifier_tests.faults.comparison import Outcome
from batch_classifier_tests.faults.opened import opened
from batch_classifier_tests.faults.project import CLASSIFY


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Where, bool], Outcome]:
    """What an undisturbed run comes to, with the prompt as it is or as a colleague has changed it; run once for all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    @cache
    def run(where: Where, is_changed: bool) -> Outcome:
        kept = shared / f"undisturbed-{where}-{is_changed}.pickle"
        with FileLock(f"{kept}.lock"):
            if not kept.exists():
                kept.write_bytes(pickle.dumps(run_undisturbed(where, is_changed)))
            found: Outcome = pickle.loads(kept.read_bytes())  # noqa: S301 (written by another of these workers)
            return found

    return run


def run_undisturbed(where: Where, is_changed: bool) -> Outcome:
    """One run without a fault, which has to be as it should for the comparison to mean something."""
    with opened(where) as project:
        if is_changed:
            project.change_prompt()
        started = project.run(CLASSIFY)
        assert started.process.returncode == 0, started.said
        outcome = project.outcome()
    rows = outcome.tables["classifications"]
    assert len(rows) == 160 and len(outcome.asked) == 130 and len({row["class"] for row in rows}) >= 4
    assert not (outcome.slots or outcome.runs or outcome.locks or outcome.left_over)
    return outcome
