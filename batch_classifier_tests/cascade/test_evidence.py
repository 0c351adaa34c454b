"""The audits of many files judged together: bad luck turns nothing off, and what is broken is found within a few files, whenever it breaks."""

import numpy as np
import pytest

from batch_classifier.cascade.certificate import Promise
from batch_classifier.cascade.evidence import AuditedFile, evidence, evidence_after_each, is_broken

PROMISE = Promise(agreement=0.98, confidence=0.95)
SHARE, AUDITED = 0.8, 50
# So many of the local answers may differ.
MAY = 0.02 / SHARE


def audits(chance: np.random.Generator, differing: float, files: int) -> list[AuditedFile]:
    return [AuditedFile(SHARE, AUDITED, int(found)) for found in chance.binomial(AUDITED, differing, files)]


def is_off(files: list[AuditedFile]) -> bool:
    return is_broken(PROMISE, evidence(PROMISE, files))


def is_ever_off(files: list[AuditedFile]) -> bool:
    """Looked at after every file."""
    return any(is_broken(PROMISE, found) for found in evidence_after_each(PROMISE, files))


def test_a_healthy_cascade_stays_on_over_a_thousand_files() -> None:
    """It just holds what it promises, in each of 40 lives; each file judged alone at 5 % would end every one of them."""
    chance = np.random.default_rng(1)
    # 2 expected at most; 6 or more have a probability of 1 %.
    assert sum(is_ever_off(audits(chance, MAY, 1_000)) for _ in range(40)) <= 5


@pytest.mark.parametrize(("healthy", "within"), [(0, 6), (100, 8), (1_000, 12)])
def test_ten_points_worse_is_found_within_a_few_files(healthy: int, within: int) -> None:
    chance = np.random.default_rng(2)
    needed = []
    for _ in range(15):
        before, broken = audits(chance, MAY / 2, healthy), audits(chance, MAY + 0.1, 40)
        found = list(evidence_after_each(PROMISE, before + broken))
        needed.append(next(count for count in range(1, 41) if is_broken(PROMISE, found[healthy + count - 1])))
    assert max(needed) <= within and np.median(needed) <= within / 2


def test_one_bad_file_among_good_ones_is_bad_luck_and_one_that_is_all_wrong_is_none() -> None:
    """5 of 50 where 1.25 are expected: alone that has a probability of 1 %."""
    good = [AuditedFile(SHARE, AUDITED, 1)] * 20
    assert not is_off([*good, AuditedFile(SHARE, AUDITED, 5)])
    assert is_off([*good, AuditedFile(SHARE, AUDITED, 40)])


def test_what_was_not_audited_says_nothing() -> None:
    assert evidence(PROMISE, []) == 0.0
    assert not is_off([AuditedFile(SHARE, 0, 0), AuditedFile(0.0, 10, 10), AuditedFile(0.01, 10, 10)])
    assert is_off([AuditedFile(1.0, 400, 400)]) and evidence(Promise(1.0, 0.95), [AuditedFile(1.0, 5, 5)]) > 20
