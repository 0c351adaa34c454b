"""A model that judges its own texts as if it had not seen them, and others word by word."""

import numpy as np
import pyarrow as pa
import pytest

from batch_classifier.language import cross_validated
from batch_classifier.language.cross_validated import CrossValidated
from batch_classifier.language.distinct_words import DistinctWords
from batch_classifier.sample_data.generate import sample_rows

ROWS = list(sample_rows("lost_deals", 300, seed=3))
NAMES = sorted({row["lost_reason"] for row in ROWS})
TEXTS = [row["notes"] for row in ROWS]
OWNERS = np.array([NAMES.index(row["lost_reason"]) for row in ROWS])
FOLDS = [place % 5 for place in range(len(ROWS))]


def _trained(owners: np.ndarray) -> CrossValidated:
    return CrossValidated(pa.array(TEXTS[:200], pa.string()), owners[:200], FOLDS[:200], len(NAMES))


@pytest.fixture(scope="module")
def trained() -> CrossValidated:
    return _trained(OWNERS)


def test_most_texts_get_their_category_from_texts_beside_them(trained: CrossValidated) -> None:
    assert (trained.unseen.argmax(axis=1) == OWNERS[:200]).mean() > 0.8
    assert np.allclose(trained.unseen.sum(axis=1), 1, atol=1e-5)


def test_what_is_said_of_a_text_does_not_hang_on_its_own_label(trained: CrossValidated) -> None:
    changed = OWNERS.copy()
    changed[7] = (changed[7] + 1) % len(NAMES)
    other = _trained(changed)
    assert np.allclose(other.unseen[7], trained.unseen[7], atol=1e-4)
    others = [place for place in range(200) if FOLDS[place] != FOLDS[7]]
    assert not np.allclose(other.unseen[others], trained.unseen[others], atol=1e-4)


def test_a_texts_shares_are_its_own_whatever_is_remembered_of_words(
    trained: CrossValidated, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = trained.shares(pa.array(TEXTS[200:], pa.string()))
    assert (together.argmax(axis=1) == OWNERS[200:]).mean() > 0.8
    monkeypatch.setattr(cross_validated, "_MOST_SPELLINGS", 5)
    forgetful = _trained(OWNERS)
    alone = np.vstack([forgetful.shares(pa.array([text], pa.string())) for text in TEXTS[200:230]])
    assert np.allclose(alone, together[:30], atol=1e-5)
    assert forgetful._words.met < 100


def test_texts_without_words_are_judged_as_well(trained: CrossValidated) -> None:
    shares = trained.shares(pa.array(["", " ", "—", "🙂", "日本語の文章です"], pa.string()))
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_words_are_the_same_however_they_are_written_and_references_are_one() -> None:
    words = DistinctWords()
    found = words.of(
        pa.array(['Refund, (REFUND) refund!  "Refund"', "QX7R2 was refunded", "AB3C9 at 18:30."], pa.string())
    )
    assert words.since(0) == ["refund", "aa0a0", "was", "refunded", "at", "00:00"]
    assert found.toarray().tolist() == [[1, 0, 0, 0, 0, 0], [0, 1, 1, 1, 0, 0], [0, 1, 0, 0, 1, 1]]
