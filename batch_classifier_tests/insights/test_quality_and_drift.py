"""How right the classes are, and whether a file's classes are as usual, in both warehouses."""

import datetime
from dataclasses import replace

import pyarrow as pa
import pytest

from batch_classifier.corrections.saying import Verdict, say
from batch_classifier.insights.drift import Counts, drift, drift_of_file, drift_over_time
from batch_classifier.insights.prompt_tables import PromptTables
from batch_classifier.insights.quality import Basis, quality
from batch_classifier.insights.review import FROM_SAMPLE
from batch_classifier.insights.selection import Selection
from batch_classifier.insights.texts import Order, find_texts
from batch_classifier.language.text_id import text_id
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY
from batch_classifier_tests.support.looked_at_tables import put, rows_of

USUAL: Counts = {"Travel": 60, "Billing": 30, "Other": 10}


@pytest.mark.parametrize(
    ("now", "before", "is_drift"),
    [
        ({"Travel": 58, "Billing": 33, "Other": 9}, [USUAL] * 5, False),
        ({"Travel": 10, "Billing": 80, "Other": 10}, [USUAL] * 5, True),
        # By much, and by chance: four requests say nothing.
        ({"Billing": 3, "Other": 1}, [USUAL] * 5, False),
        # No chance, and not by much.
        ({"Travel": 56_000, "Billing": 33_000, "Other": 11_000}, [{"Travel": 60_000, "Billing": 30_000, "Other": 10_000}] * 5, False),
        # A class that was never there.
        ({"Travel": 50, "Billing": 20, None: 30}, [USUAL] * 5, True),
        ({"Billing": 100}, [USUAL] * 2, False),
        ({"Billing": 100}, [{}] * 5, False),
        ({"Billing": 100}, [{"Billing": 90}] * 5, False),
        ({}, [USUAL] * 5, False),
    ],
)  # fmt: skip
def test_drift_takes_both_the_test_and_the_size(now: Counts, before: list[Counts], is_drift: bool) -> None:
    found = drift(now, before)
    assert found.is_drift is is_drift and found.told.endswith(".")


@pytest.mark.parametrize("now", [{"Travel": 58, "Billing": 33, "Other": 9}, {"Travel": 58, "Billing": 42}])
def test_the_test_is_pearsons(now: Counts) -> None:
    from scipy.stats import chi2_contingency

    before: Counts = {name: number for name, number in USUAL.items() if name in now}
    expected = chi2_contingency([list(now.values()), [3 * number for number in before.values()]]).pvalue
    assert drift(now, [before] * 3).p_value == pytest.approx(expected)


def test_what_changed_is_told() -> None:
    found = drift({"Travel": 10, "Billing": 80, "Other": 10}, [USUAL] * 5)
    assert "of the 5 files before" in found.told and "60.0% to 10.0%" in found.told


def test_quality_and_drift_of_files(tables: PromptTables) -> None:
    """Labels and a sample are put into the tables, then one file after another that is as usual, and one that is not."""
    writing = getattr(tables.warehouse, "_writing", tables.warehouse)
    assert quality(tables, Selection(), Basis.LABELS) is None and quality(tables, Selection(), Basis.SAMPLE) is None
    usual = [("Where is my flight?", "Travel", "chat", 0.9)] * 60 + [("Who pays?", "Billing", "chat", 0.9)] * 40
    other = [(f"A bill {number}", "Billing", "chat", 0.9) for number in range(100)]
    for week, texts in enumerate([usual, usual, usual, usual, other], 2):
        name = f"c{week}.csv"
        rows = rows_of(name, week, texts)
        for row in rows[:10]:
            row["expected_class"] = "Billing" if row["row_number"] == 1 else row["class"]
        put(writing, tables.prompt, name, rows)
        counts = {one: sum(row["class"] == one for row in rows) for one in ("Travel", "Billing")}
        summary = [
            {**dict.fromkeys(CATEGORY_SUMMARY.schema.names), "request_file": name, "class": one, "requests": number}
            for one, number in counts.items()
            if number
        ]
        writing.replace(
            tables.prompt.name,
            CATEGORY_SUMMARY,
            name,
            [pa.RecordBatch.from_pylist(summary, schema=CATEGORY_SUMMARY.schema)],
        )
    found = quality(tables, Selection(), Basis.LABELS)
    assert found is not None and (found.accuracy.labelled, found.accuracy.correct) == (50, 46)
    assert found.interval.low < 46 / 50 < found.interval.high
    assert [(one.prompt_version, one.labelled) for one in found.versions] == [("1", 50)]
    wrong = find_texts(tables, Selection(expected=("Billing",), given=("Travel",)), Order.NEWEST, ())
    assert {(line.request_file, line.row_number) for line in wrong.lines} == {
        (f"c{week}.csv", 1) for week in range(2, 6)
    }

    last, before = drift_of_file(tables, "c6.csv"), drift_of_file(tables, "c5.csv")
    assert last.is_drift and last.files >= 4 and not before.is_drift
    assert [one.drift.is_drift for one in drift_over_time(tables)][-2:] == [False, True]
    assert not drift_of_file(tables, "no such file.csv").is_drift

    flight = text_id("Where is my flight?")
    now = datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC)
    say(writing, tables.prompt, [Verdict(flight, "Other")], "Ada", now, FROM_SAMPLE)
    sample = quality(replace(tables, has_corrections=True), Selection(), Basis.SAMPLE)
    assert sample is not None and (sample.accuracy.labelled, sample.accuracy.correct) == (1, 0), "a text counts once"
