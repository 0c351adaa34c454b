"""The comparison sees each thing that a fault may leave behind, and nothing where there is nothing."""

import copy
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from batch_classifier_tests.faults.comparison import Outcome, differences


def outcome() -> Any:
    """What an undisturbed run comes to; of any type, for the tests change what is not to be changed."""
    rows = [{"row_number": n, "class": "Travel", "status": "classified", "answered_at": n} for n in range(1, 6)]
    return Outcome(
        tables={"classifications": rows, "category_summary": [{"class": "Travel", "requests": 5}]},
        results={"output_data/travel/2026-01-01/calls_csv.csv": [["1", "Travel"]]},
        files={"data/warehouse.duckdb", "data/output_data/travel/2026-01-01/calls_csv.csv"},
        asked=Counter({"one": 1, "two": 1}),
    )


def _change(path: str, value: Any) -> Callable[[Any], None]:
    def change(seen: Any) -> None:
        getattr(seen, path).append(value)

    return change


CHANGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a row less": (lambda seen: seen.tables["classifications"].pop(), "has 4 rows instead of 5"),
    "a row twice": (
        lambda seen: seen.tables["classifications"].append(seen.tables["classifications"][0]),
        "has 6 rows instead of 5",
    ),
    "another class": (
        lambda seen: seen.tables["classifications"][2].update({"class": "Other"}),
        "row 3 of classifications differs in class",
    ),
    "another status": (lambda seen: seen.tables["classifications"][0].update(status="no_answer"), "differs in status"),
    "a column less": (lambda seen: seen.tables["classifications"][0].pop("status"), "differs in status"),
    "no summary": (lambda seen: seen.tables.pop("category_summary"), "category_summary has 0 rows"),
    "another result": (lambda seen: next(iter(seen.results.values())).append(["2", "Other"]), "has other content"),
    "no result": (lambda seen: seen.results.clear(), "is missing"),
    "one result more": (lambda seen: seen.results.update({"output_data/b.csv": []}), "there is a result file"),
    "a file less": (lambda seen: seen.files.discard("data/warehouse.duckdb"), "warehouse.duckdb is missing"),
    "a stray file": (lambda seen: seen.files.add("data/.unfinished-1"), "a stray file: data/.unfinished-1"),
    "a temporary file": (_change("left_over", "tmp/batch-classifier-1"), "left over: tmp/batch-classifier-1"),
    "a place": (_change("slots", "duckdb: run 1"), "a place in a pool is not free: duckdb: run 1"),
    "a run": (_change("runs", "1 STARTED"), "a run has not ended: 1 STARTED"),
    "a lock": (_change("locks", ".a.lock"), "a lock is held: .a.lock"),
    "a call more": (lambda seen: seen.asked.update(["one"]), "asked about 2 times instead of 1: 'one'"),
    "a call less": (lambda seen: seen.asked.pop("one"), "never asked about: 'one'"),
    "a strange call": (lambda seen: seen.asked.update(["three"]), "none of the file's: 'three'"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_sees(name: str) -> None:
    change, told = CHANGES[name]
    seen = copy.deepcopy(outcome())
    change(seen)
    found = differences(outcome(), seen)
    assert len(found) == 1 and told in found[0], found


def test_it_sees_nothing_where_only_moments_and_days_differ() -> None:
    seen = outcome()
    seen.tables["classifications"][0]["answered_at"] = 99
    seen.results = {"output_data/travel/2026-01-02/calls_csv.csv": [["1", "Travel"]]}
    seen.files = {name.replace("01-01", "01-02") for name in seen.files}
    assert differences(outcome(), seen) == []


def test_what_was_in_flight_may_be_asked_once_more_and_not_twice() -> None:
    seen = outcome()
    seen.asked.update(["one", "two"])
    assert differences(outcome(), seen, in_flight=True) == []
    seen.asked.update(["two"])
    assert differences(outcome(), seen, in_flight=True) == ["a text was asked about 3 times instead of 1: 'two'"]


def test_files_of_an_earlier_version_may_be_there_and_no_others() -> None:
    seen = outcome()
    seen.files |= {"data/internal/travel/old/a.jsonl", "data/internal/b"}
    assert differences(outcome(), seen, also_there=["internal/travel/old/"]) == ["a stray file: data/internal/b"]


def test_many_differences_are_told_in_few_lines() -> None:
    seen = outcome()
    for row in seen.tables["classifications"]:
        row.update({"class": "Other"})
    assert len(differences(outcome(), seen)) == 4


def test_a_repeated_run_may_list_no_batches_and_no_others() -> None:
    wanted, seen = outcome(), outcome()
    for one, batches in ((wanted, ["a"]), (seen, [])):
        one.tables = {**one.tables, "bedrock_jsonl": [{"batch": batch} for batch in batches]}
    assert differences(wanted, seen, is_repeated=True) == []
    assert differences(wanted, seen) == ["bedrock_jsonl has 0 rows instead of 1"]
    seen.tables = {**seen.tables, "bedrock_jsonl": [{"batch": "b"}], "category_summary": []}
    assert len(differences(wanted, seen, is_repeated=True)) == 2


def test_a_job_that_has_failed_may_have_another_attempt_and_nothing_else() -> None:
    wanted, seen = outcome(), outcome()
    for one, number in ((wanted, 1), (seen, 2)):
        one.tables = {**one.tables, "batch_job": [{"attempt": number}]}
        one.files |= {
            f"data/internal/travel/answers-local-{number}/job-{number}/a.jsonl.out",
            f"data/local_jobs/job-{number}.json",
        }
    assert differences(wanted, seen, has_failed_job=True) == []
    assert len(differences(wanted, seen)) == 5
    seen.files |= {"data/internal/travel/attempt-2.jsonl", "data/internal/travel/other.jsonl"}
    assert differences(wanted, seen, has_failed_job=True) == ["a stray file: data/internal/travel/other.jsonl"]
