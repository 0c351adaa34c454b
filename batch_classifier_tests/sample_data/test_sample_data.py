"""The sample data: labelled with the prompts' own classes, the same for the same seed, and as untidy as real files."""

import csv
import json
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.sample_data.generate import sample_rows, write_sample
from batch_classifier_tests.support.repository import sample_prompt

NAMES = ("travel", "lost_deals")


def texts_of(name: str, rows: list[dict[str, str]]) -> list[str]:
    column = load_prompt(sample_prompt(name)).input.text
    return [row[column] for row in rows]


@pytest.mark.parametrize("name", NAMES)
def test_rows_fit_the_prompt(name: str) -> None:
    prompt = load_prompt(sample_prompt(name))
    rows = list(sample_rows(name, 1_000, seed=1))
    assert len(rows) == 1_000
    assert all({prompt.input.text, prompt.input.id, prompt.input.label} < set(row) and len(row) == 5 for row in rows)
    assert {row[prompt.input.label or ""] for row in rows} == set(prompt.class_names)
    assert len({row[prompt.input.id or ""] for row in rows}) == 1_000
    assert not any("{" in text or "  " in text for text in texts_of(name, rows))


@pytest.mark.parametrize("name", NAMES)
def test_the_first_rows_are_the_same_however_many_are_asked_for(name: str) -> None:
    few = list(sample_rows(name, 50, seed=2))
    assert list(islice(sample_rows(name, 10_000_000, seed=2), 50)) == few
    assert list(sample_rows(name, 50, seed=3)) != few


@pytest.mark.parametrize("name", NAMES)
def test_some_texts_stand_twice_and_some_nearly(name: str) -> None:
    texts = texts_of(name, list(sample_rows(name, 4_000, seed=4)))
    repeated = len(texts) - len(set(texts))
    assert 0.03 < repeated / len(texts) < 0.08
    beginnings = Counter(text[:60] + text[-60:] for text in set(texts))
    assert sum(count - 1 for count in beginnings.values()) > 20


def test_calls_are_as_long_as_calls_are() -> None:
    texts = texts_of("travel", list(sample_rows("travel", 2_000, seed=5)))
    lengths = sorted(map(len, texts))
    assert 800 < lengths[1_000] < 2_500
    assert 3_000 < lengths[-1] < 8_000
    assert any("\n" in text for text in texts)
    assert any(not text.isascii() for text in texts)


def test_samples_share_no_sentence_with_the_prompt() -> None:
    """An engine that learned its examples by heart must gain nothing from it, or the demo's accuracy would be a lie."""
    for name in NAMES:
        prompt = load_prompt(sample_prompt(name))
        written = " ".join(texts_of(name, list(sample_rows(name, 3_000, seed=6)))).lower()
        for category in prompt.categories:
            assert not [example for example in category.examples if example.lower() in written]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".xlsx"])
def test_each_format_holds_the_same_rows(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "folder" / f"calls{suffix}"
    write_sample("travel", 40, 7, path)
    assert read(path) == list(sample_rows("travel", 40, seed=7))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def read(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".xlsx":
        header, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        return [dict(zip(map(str, header), map(str, row), strict=True)) for row in rows]
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    return json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.split("\n") if line]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".json", ".xlsx"])
def test_no_rows_make_a_file_all_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"none{suffix}"
    write_sample("lost_deals", 0, 7, path)
    assert path.exists()


def test_an_unknown_prompt_is_told_in_one_sentence() -> None:
    with pytest.raises(ClassifierError, match=r"no sample data for 'invoices'.*lost_deals, travel"):
        sample_rows("invoices", 1, seed=1)


def test_an_unknown_format_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ClassifierError, match=r"calls\.pdf.*\.csv, \.jsonl, \.json, \.xlsx"):
        write_sample("travel", 1, 1, tmp_path / "calls.pdf")


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("before", encoding="utf-8")
    with pytest.raises(ClassifierError):
        write_sample("invoices", 1, 1, path)
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]
