"""A prompt's trained model: what it learns, that it can judge its own texts as new ones, and its file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batch_classifier.errors import ClassifierError
from batch_classifier.language import trained_head
from batch_classifier.language.trained_head import TrainedHead
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.internal_keys import local_model_key
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier.training.label_noise import probably_wrong, temperature_and_noise
from batch_classifier.training.local_model import LocalModel
from batch_classifier.training.model_file import read_local_model, write_local_model
from batch_classifier.training.train import digest_of, train
from batch_classifier.training.training_texts import Origin, TrainingTexts
from batch_classifier_tests.support.labelled_texts import labelled_texts, share_right, truth_of
from batch_classifier_tests.support.prompt_content import prompt_content

PROMPT = Prompt(name="tickets", **prompt_content())
TEXTS = labelled_texts(300, seed=1, wrong=0.1)


@pytest.fixture(scope="module")
def model() -> LocalModel:
    """Trained on 300 labels of which a tenth is wrong."""
    return train(PROMPT, TrainingTexts(TEXTS))


def names(model: LocalModel, logs: np.ndarray) -> list[str]:
    return [model.classes[place] for place in logs.argmax(axis=1)]


def test_it_learns_what_it_was_told_and_judges_new_texts(model: LocalModel) -> None:
    new = labelled_texts(100, seed=2)
    logs = model.log_shares([text.text for text in new])
    assert share_right(new, names(model, logs)) > 0.95
    assert np.allclose(np.exp(logs).sum(axis=1), 1, atol=1e-4)
    assert (model.trained_on.texts, model.trained_on.by_origin) == (300, {"label": 300})
    assert sum(model.trained_on.by_class.values()) == 300


def test_labels_that_are_probably_wrong_are_set_aside(model: LocalModel) -> None:
    aside = set(model.trained_on.set_aside)
    wrong = {text.text_id for text in TEXTS if truth_of(text.text) != text.class_name}
    assert len(aside & wrong) > len(wrong) * 0.5 and len(aside - wrong) <= 3
    corrected = [replace(text, origin=Origin.CORRECTION) for text in TEXTS]
    assert not train(PROMPT, TrainingTexts(corrected)).trained_on.set_aside


def test_no_text_is_judged_by_a_head_that_has_seen_it(model: LocalModel) -> None:
    """A head that has seen a text whose label is wrong knows that label, and one that has not does not."""
    ids, said = [text.text_id for text in TEXTS], [text.text for text in TEXTS]
    assert share_right(TEXTS, names(model, model.out_of_fold(ids, said))) > 0.9
    wrong = labelled_texts(150, seed=3, wrong=1.0)
    misled, said = train(PROMPT, TrainingTexts(wrong)), [text.text for text in wrong]
    labels = [misled.classes.index(text.class_name) for text in wrong]
    seen = misled.log_shares(said).argmax(axis=1) == labels
    unseen = misled.out_of_fold([text.text_id for text in wrong], said).argmax(axis=1) == labels
    assert seen.mean() > unseen.mean() + 0.2


def test_the_same_texts_give_the_same_model_under_the_same_name(model: LocalModel) -> None:
    again = train(PROMPT, TrainingTexts(TEXTS))
    said = [text.text for text in TEXTS[:20]]
    assert again.digest == model.digest
    assert np.array_equal(again.log_shares(said), model.log_shares(said))
    assert digest_of(PROMPT, TEXTS[::-1]) == model.digest != digest_of(PROMPT, TEXTS[1:])
    described = prompt_content()
    described["categories"][0]["description"] = "money"
    assert digest_of(Prompt(name="tickets", **described), TEXTS) != model.digest


def test_a_model_that_was_read_says_what_it_said_before(model: LocalModel, tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    assert read_local_model(folder, PROMPT) is None
    write_local_model(folder, PROMPT, model)
    ids, said = [text.text_id for text in TEXTS], [text.text for text in TEXTS]
    read = read_local_model(folder, PROMPT)
    assert read is not None and read.trained_on == model.trained_on
    assert np.array_equal(read.log_shares(said), model.log_shares(said))
    assert np.array_equal(read.out_of_fold(ids, said), model.out_of_fold(ids, said))

    # Categories in another order are the same categories; with another one they are not.
    content = prompt_content()
    content["categories"].reverse()
    turned = read_local_model(folder, Prompt(name="tickets", **content), with_folds=False)
    assert turned is not None and turned.classes == ("Other", "Travel", "Billing")
    assert np.array_equal(turned.log_shares(said), model.log_shares(said)[:, ::-1])
    with pytest.raises(ValueError, match="folds"):
        turned.out_of_fold(ids, said)
    content["categories"].append({"name": "Weather", "description": "rain"})
    assert read_local_model(folder, Prompt(name="tickets", **content)) is None
    masked = Prompt(name="tickets", **prompt_content(redact={"kinds": ["email"]}))
    assert read_local_model(folder, masked) is None


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off", b"\x93NUMPY"])
def test_a_damaged_file_is_told_of_and_mended_by_training(model: LocalModel, tmp_path: Path, content: bytes) -> None:
    folder = LocalFolder(tmp_path)
    write_local_model(folder, PROMPT, model)
    whole = (tmp_path / local_model_key("tickets")).read_bytes()
    for damaged in (content, whole[: len(whole) // 2], whole[:-30]):
        (tmp_path / local_model_key("tickets")).write_bytes(damaged)
        with pytest.raises(ClassifierError, match=r"local_model\.npz is not a model .* train --prompt tickets"):
            read_local_model(folder, PROMPT)
    write_local_model(folder, PROMPT, model)
    assert read_local_model(folder, PROMPT) is not None


def test_too_few_texts_are_told_of() -> None:
    with pytest.raises(ClassifierError, match="has 19 texts to learn from, and it takes 20"):
        train(PROMPT, TrainingTexts(TEXTS[:19]))


def test_of_many_texts_the_rare_features_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = labelled_texts(1_100, seed=4)
    owners = [PROMPT.class_names.index(text.class_name) for text in texts]
    whole = TrainedHead([text.text for text in texts], owners, 3)
    monkeypatch.setattr(trained_head, "_TEXTS_TO_COMPARE", 1_000)
    monkeypatch.setattr(trained_head, "_MOST_WEIGHTS", 1_500)
    small = TrainedHead([text.text for text in texts], owners, 3)
    new = labelled_texts(100, seed=5)
    for head, most in ((whole, 100_000), (small, 256 + 500)):
        assert head.arrays()["weights"].shape[0] <= most
        given = [PROMPT.class_names[place] for place in head.log_shares([text.text for text in new]).argmax(axis=1)]
        assert share_right(new, given) > 0.95


def test_how_many_labels_are_wrong_is_found_beside_how_sure_to_be() -> None:
    """Heads that are right nine times of ten and say so, and labels of which a tenth is another one."""
    chance = np.random.default_rng(1)
    truth = chance.integers(0, 20, 2_000)
    said = np.where(chance.random(2_000) < 0.9, truth, chance.integers(0, 20, 2_000))
    shares = np.full((2_000, 20), 0.1 / 20)
    shares[np.arange(2_000), said] += 0.9
    is_wrong = chance.random(2_000) < 0.1
    labels = np.where(is_wrong, (truth + chance.integers(1, 20, 2_000)) % 20, truth)
    temperature, noise = temperature_and_noise(np.log(shares).astype(np.float32) * 2, labels)
    assert temperature == pytest.approx(2, rel=0.3) and noise == pytest.approx(0.1, abs=0.06)
    found = probably_wrong(np.log(shares).astype(np.float32), np.where(is_wrong, labels, said), 1.0, 0.1)
    assert not found[~is_wrong].any() and found[is_wrong].mean() > 0.8
