"""The certificate: what a sample certifies, and that the promise holds as often as it says."""

import numpy as np
import pytest

from batch_classifier.cascade.certificate import Certificate, Cut, Promise, certify, cuts_of

PROMISE = Promise(agreement=0.98, confidence=0.95)


def certificate(
    differing: list[int], sampled_in_each: int = 50, texts: int = 10_000, is_of_file: bool = True
) -> Certificate:
    """Ten shares of a file with so many differing ones of 50 sampled texts in each tenth, the surest tenth first."""
    confidences = np.repeat(np.linspace(1.0, 0.1, 10), texts // 10)
    sampled = np.repeat(np.linspace(1.0, 0.1, 10), sampled_in_each)
    agrees = np.array([place >= some for some in differing for place in range(sampled_in_each)])
    return certify(cuts_of(confidences), texts, sampled, agrees, PROMISE, is_of_file)


def test_cuts_never_part_texts_that_are_as_sure_as_each_other() -> None:
    cuts = cuts_of(np.array([0.9] * 3 + [0.8] * 5 + [0.2] * 2), shares=(0.1, 0.3, 0.4, 1.0))
    assert cuts == [Cut(0.9, 3), Cut(0.8, 8), Cut(0.2, 10)]
    assert cuts_of(np.array([])) == []


@pytest.mark.parametrize("is_of_file", [True, False])
@pytest.mark.parametrize(
    ("differing", "share"),
    [
        ([0] * 10, 1.0),  # a sample without a difference certifies everything
        ([0, 0, 0, 0, 0, 0, 0, 2, 9, 20], 0.8),  # the allowed 2 % of the file are in the last fifths
        ([9, 0, 0, 0, 0, 0, 0, 0, 0, 0], None),  # nothing is certified behind a share that fails
    ],
)
def test_the_largest_share_before_the_first_that_fails(
    differing: list[int], share: float | None, is_of_file: bool
) -> None:
    certified = certificate(differing, is_of_file=is_of_file).certified
    assert (certified.share if certified else None) == share


def test_a_sample_too_small_to_say_anything_certifies_nothing() -> None:
    assert certificate([0] * 10, sampled_in_each=10, is_of_file=False).certified is None
    assert certificate([0] * 10, sampled_in_each=16, is_of_file=False).certified is not None


def test_what_the_sample_holds_of_a_small_file_counts() -> None:
    """Of 1,000 texts 500 are known; were they taken for a drop in the ocean, less would pass."""
    differing = [0, 0, 0, 1, 1, 2, 2, 3, 5, 9]
    known, ocean = (certificate(differing, texts=1_000, is_of_file=flag).certified for flag in (True, False))
    assert known is not None and ocean is not None and known.share > ocean.share


def test_a_sample_of_everything_certifies_what_is() -> None:
    confidences = np.linspace(1, 0, 200)
    agrees = np.ones(200, bool)
    agrees[::10] = False
    certified = certify(cuts_of(confidences), 200, confidences, agrees, PROMISE, is_of_file=True).certified
    assert certified is not None and certified.share == 1.0  # all are the model's own answers


@pytest.mark.parametrize("is_of_file", [True, False])
def test_the_promise_is_broken_as_seldom_as_it_says(is_of_file: bool) -> None:
    """Local models of which some are right about confidence, some far too sure; 100 files with a sample of 300 each."""
    chance = np.random.default_rng(1)
    broken, shares = 0, []
    for _ in range(100):
        wrong = chance.beta(0.3, 3.0, 3_000)
        differs = chance.random(3_000) < wrong ** chance.uniform(0.7, 1.3)
        confidences = 1 - wrong
        sample = chance.choice(3_000, 300, replace=False)
        certified = certify(
            cuts_of(confidences), 3_000, confidences[sample], ~differs[sample], PROMISE, is_of_file
        ).certified
        least = certified.cut.least_confidence if certified else 2.0
        local = confidences >= least
        local[sample] = False
        broken += bool((differs & local).sum() > PROMISE.may_differ(3_000))
        shares.append(local.mean())
    assert broken <= 10  # 5 expected at most; 11 or more have a probability of 1 %
    assert np.mean(shares) > 0.4
