"""When a text is about none of a prompt's categories, as learned from texts that belong to it."""

import numpy as np
import pytest

from batch_classifier.inference.local.strangers import COST, Border, Signs, border_of


def _signs(chance: np.random.Generator, texts: int, middle: float) -> Signs:
    return Signs(
        energy=chance.normal(middle, 1.0, texts),
        head=np.minimum(chance.normal(middle - 2, 1.0, texts), 0.0),
        similarity=np.clip(chance.normal(0.5 + middle / 10, 0.1, texts), 0, 1),
    )


@pytest.mark.parametrize("texts", [20, 60, 500, 5_000])
@pytest.mark.parametrize("cost", COST.values())
def test_what_is_given_up_for_strangers_is_bounded(texts: int, cost: float) -> None:
    """Few texts as well as many: the lowest of twenty is no border at which one of a hundred is lost."""
    chance = np.random.default_rng(3)
    lost = []
    for _ in range(40):
        border = border_of(_signs(chance, texts, 0.0), np.ones(texts, bool), _signs(chance, 50, -4.0), cost)
        lost.append(np.mean(border.scores(_signs(chance, 1_000, 0.0)) < border.least))
    assert np.mean(lost) < 1.3 * cost + 0.006


def test_the_strangers_that_it_finds_are_counted_on_other_subjects() -> None:
    chance = np.random.default_rng(4)
    border = border_of(_signs(chance, 500, 0.0), np.ones(500, bool), _signs(chance, 50, -3.0), 0.05)
    found = np.mean(border.scores(_signs(chance, 1_000, -3.0)) < border.least)
    assert found > 0.7
    assert abs(border.found - found) < 0.15


def test_a_text_that_would_get_a_wrong_class_costs_nothing() -> None:
    chance = np.random.default_rng(5)
    signs, others = _signs(chance, 400, 0.0), _signs(chance, 50, -4.0)
    is_right = Border((1.0, 0.0, 0.0), 0.0).scores(signs) > -1.0
    all_right = border_of(signs, np.ones(400, bool), others, 0.015)
    assert border_of(signs, is_right, others, 0.015).least > all_right.least


def test_known_strangers_show_what_is_won() -> None:
    """Beyond what they win nothing is given up, whatever may be."""
    chance = np.random.default_rng(6)
    own, strange = _signs(chance, 400, 0.0), _signs(chance, 40, -12.0)
    signs = Signs(
        *(np.concatenate([getattr(own, name), getattr(strange, name)]) for name in ("energy", "head", "similarity"))
    )
    is_strange = np.arange(440) >= 400
    border = border_of(signs, ~is_strange, _signs(chance, 50, -4.0), 0.05, is_strange)
    is_below = border.scores(signs) < border.least
    assert is_below[is_strange].all()
    assert not is_below[~is_strange].any()
    assert border.expected == pytest.approx(40 / 440)


def test_the_lower_a_score_the_surer_is_the_fallback() -> None:
    border = Border((1.0, 0.0, 0.0), -1.0, own_scores=(-3.0, -2.0, -1.5), texts=200, found=0.6, expected=0.05)
    doubts = [border.doubt_of_belonging(score) for score in (-1.0, -2.5, -9.0)]
    assert 0 < doubts[0] < doubts[1] < doubts[2] < 1
