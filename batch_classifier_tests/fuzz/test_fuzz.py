"""A short run of the fuzzing, with the same contents each time; `make fuzz` is the long one, with others each time."""

import random

import pytest

from batch_classifier_tests.fuzz.mutation import mutated
from batch_classifier_tests.fuzz.run import content_of
from batch_classifier_tests.fuzz.targets import CORPUS, TARGETS

SEED = 20
# What is done in about 20 seconds on one core.
CONTENTS = {"requests": 300, "prompts": 300, "answers": 2_000}
# Each is a case of pytest, so that one that hangs is told apart from the others.
PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("target", TARGETS)
def test_whatever_the_content_nothing_happens_that_must_not(target: str, part: int) -> None:
    for number in range(part, CONTENTS[target], PARTS):
        name, content = content_of(target, SEED, number)
        try:
            TARGETS[target].check(content, name)
        except Exception as error:
            raise AssertionError(f"number {number} of {target}, made of {name}: {content[:500]!r}") from error


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_itself_is_fit_and_small(target: str) -> None:
    for name, content in TARGETS[target].seeds():
        TARGETS[target].check(content, name)
    assert sum(path.stat().st_size for path in CORPUS.rglob("*") if path.is_file()) < 100_000


def test_the_same_number_makes_the_same_content_and_another_one_another() -> None:
    for target in TARGETS:
        assert content_of(target, 1, 7) == content_of(target, 1, 7)
        assert len({content_of(target, 1, number)[1] for number in range(50)}) > 40


def test_a_damaged_archive_can_still_be_opened_so_that_what_is_in_it_is_read() -> None:
    content = (CORPUS / "requests" / "inline.xlsx").read_bytes()
    changed = [mutated(content, [content], random.Random(number)) for number in range(50)]
    assert sum(one.startswith(b"PK\x03\x04") and one[-22:-18] == b"PK\x05\x06" for one in changed) > 30
