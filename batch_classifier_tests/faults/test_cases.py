"""The table of cases and the document that tells of it."""

import importlib
from collections import Counter
from operator import attrgetter

import pytest

from batch_classifier_tests.faults.cases import CASES
from batch_classifier_tests.faults.document import Seen, document
from batch_classifier_tests.faults.stops import STOPS, Stage, Stop
from batch_classifier_tests.support.repository import REPOSITORY

FAULTS = {
    *(
        "kill -9",
        "out of memory",
        "disk full",
        "permission lost",
        "database held",
        "S3 500s",
        "S3 stalls",
        "throttling",
    ),
    *(
        "expired credentials",
        "clock jump",
        "two at once",
        "two machines at once",
        "daemon restart",
        "prompt changed",
        "half-written file",
    ),
}


def test_every_stage_meets_faults_at_both_places_and_no_case_is_there_twice() -> None:
    assert len(CASES) >= 60 and max(Counter(case.name for case in CASES).values()) == 1
    assert {case.fault.name for case in CASES} == FAULTS
    for where in ("laptop", "aws"):
        met = Counter(case.stage for case in CASES if case.where == where)
        assert met.keys() == set(Stage) and min(met.values()) >= 3, met
    assert {(case.stage, case.place) for case in CASES} <= STOPS.keys()
    assert all(case.name.isascii() and "[" not in case.name for case in CASES), "pytest would spell them otherwise"


@pytest.mark.parametrize("stop", [stop for stops in STOPS.values() for stop in stops], ids=lambda stop: stop.function)
def test_every_stop_is_around_a_function_that_is_there(stop: Stop) -> None:
    module, _, path = stop.function.partition(":")
    assert callable(attrgetter(path)(importlib.import_module(module)))


def test_one_of_each_place_is_in_every_test_run() -> None:
    short = [case for case in CASES if case.is_short]
    assert {case.where for case in short} == {"laptop", "aws"} and len(short) == 2


def test_the_document_tells_what_was_seen_and_does_not_call_bad_good() -> None:
    seen = {case.name: Seen("1: Error: no | room.", True) for case in CASES}
    bad, known = CASES[0].name, CASES[1].name
    seen |= {bad: Seen("-9: ", False), known: Seen("-9: ", False, "it takes a day")}
    text = document(CASES, seen)
    assert (
        f"Of {len(CASES)} cases, {len(CASES)} have been run, and {len(CASES) - 2} ended as the undisturbed run." in text
    )
    assert f"| {bad} | -9: | **not as undisturbed** |" in text and f"| {known} | -9: | it takes a day |" in text
    assert text.count("| 1: Error: no \\| room. | as undisturbed |") == len(CASES) - 2
    assert " 0 of 1" in text, "the matrix says so too"
    del seen[CASES[2].name]
    assert f"| {CASES[2].name} |  | not run yet |" in document(CASES, seen)


def test_the_document_in_docs_is_of_these_cases() -> None:
    text = (REPOSITORY / "docs" / "faults.md").read_text(encoding="utf-8")
    assert not [case.name for case in CASES if f"| {case.name} |" not in text]
