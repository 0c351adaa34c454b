"""Which texts are in a language that the word vectors carry, and what is learned of the others."""

import pytest

from batch_classifier.language.character_grams import CharacterGrams
from batch_classifier.language.coverage import has_other_language
from batch_classifier.language.text_features import TextFeatures
from batch_classifier.language.word_table import WordTable, tokens_of
from batch_classifier.language.word_vectors import token_ids

ENGLISH = [
    "I would like to cancel the flight that I booked for the end of June",
    "Where is the suitcase that you have not brought to my hotel?",
    "The app does not let me in since the update",
]
OTHERS = {
    "German": ["Ich möchte den Flug stornieren, den ich für Ende Juni gebucht habe", "Wo ist mein Koffer geblieben?"],
    "French": [
        "Je voudrais annuler le vol que j'ai réservé pour la fin juin",
        "Où est passée ma valise, s'il vous plaît ?",
    ],
    "Turkish": ["Haziran sonu için ayırttığım uçuşu iptal etmek istiyorum", "Otelime getirmediğiniz bavulum nerede?"],
    "Japanese": ["六月末に予約したフライトをキャンセルしたいです", "私のスーツケースはどこにありますか"],
    "Arabic": ["أريد إلغاء الرحلة التي حجزتها لنهاية شهر يونيو", "أين حقيبتي التي لم تحضروها إلى الفندق؟"],
}


def test_english_is_carried() -> None:
    assert not has_other_language(ENGLISH)
    assert not has_other_language(["", "🙂", "4711"])
    assert not TextFeatures(ENGLISH).has_characters


@pytest.mark.parametrize("language", OTHERS)
def test_other_languages_are_not(language: str) -> None:
    assert has_other_language(OTHERS[language])
    features = TextFeatures(OTHERS[language])
    assert features.has_characters
    assert features.taught.shape == (2, features.columns)
    _, familiarity = features.with_familiarity([OTHERS[language][0], "ცა ლურჯია"])
    assert familiarity[0] == 1
    assert familiarity[1] < 0.2


def test_features_are_kept_as_arrays() -> None:
    for texts in (ENGLISH, OTHERS["German"]):
        features = TextFeatures(texts)
        again = TextFeatures.from_arrays(features.arrays())
        assert again.columns == features.columns
        assert abs(again.of(ENGLISH) - features.of(ENGLISH)).max() == 0


def test_runs_of_characters_stay_within_words() -> None:
    grams, taught = CharacterGrams.of_texts(["ab c", "AB\n c"])
    # " a", "ab", "b ", " ab", "ab ", " ab ", " c", "c ", " c ", whatever the spaces between.
    assert grams.columns == 9
    assert abs(taught[0] - taught[1]).max() < 1e-12
    assert abs(taught.multiply(taught).sum(axis=1) - 1).max() < 1e-12


@pytest.mark.parametrize(
    "text", ["The flight to Oslo, please!", "uçuşu iptal 予約 \u2581 x", "a" * 500 + " b", "", "  "]
)
def test_thetokens_of_words_are_those_of_the_text(text: str) -> None:
    tokens, counts = tokens_of([text, "and another one"])
    assert counts.sum() == len(tokens)
    alone, _ = tokens_of([text])
    assert tokens[: counts[0]].tolist() == alone.tolist()
    if len(text) < 60:
        assert alone.tolist() == (token_ids([text.lower()])[0].tolist() if text.strip() else [])


def test_no_more_words_are_remembered_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    from batch_classifier.language import word_table

    monkeypatch.setattr(word_table, "_WORDS_KEPT", 3)
    table = WordTable(word_table.tokens_of_words)
    for text in ("one two three four five", "six one", "seven eight one"):
        pieces, _ = table.pieces([text])
        assert pieces.tolist() == token_ids([text])[0].tolist()
