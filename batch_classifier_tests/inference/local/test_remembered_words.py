"""Words that are looked at once, as long as they are in use."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from batch_classifier.inference.local import remembered_words
from batch_classifier.inference.local.remembered_words import RememberedWords


def test_words_in_use_are_kept_and_others_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered_words, "_MOST_WORDS", 20)
    asked: list[str] = []

    def rows_of(words: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(words)
        return np.array([[float(word), 1.0] for word in words], np.float32)

    words = RememberedWords(2, rows_of)
    often = ["7", "3"]
    for number in range(40):
        rows = np.array([words.place(word) for word in [*often, str(number + 100)]])
        words.learn()
        words.note_use(rows)
        before = words.table
        assert before[rows, 0].tolist() == [7.0, 3.0, number + 100.0]
        if words.forget():
            # What was taken from the table before stays true.
            assert before[rows, 0].tolist() == [7.0, 3.0, number + 100.0]
    assert asked.count("7") == asked.count("3") == 1 and len(asked) == 42
    assert len(words._places) <= 21
