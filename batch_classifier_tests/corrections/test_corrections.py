"""Corrections in both warehouses: what holds, what is counted, what result files say, and what a later engine learns from."""

import base64
import datetime
import io
import json
import re
from typing import Any

import pytest

from batch_classifier.answers.category_summary import summarise
from batch_classifier.corrections.correction import Correction, new_set, write_set
from batch_classifier.corrections.examples import named_examples, useful_examples
from batch_classifier.corrections.importing import Import, Imported
from batch_classifier.corrections.labels import labels
from batch_classifier.corrections.withdrawing import withdraw
from batch_classifier.errors import ClassifierError
from batch_classifier.language.text_id import text_id
from batch_classifier.limits import DEFAULT_LIMITS
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.results.corrected_rows import rows_that_hold
from batch_classifier.warehouse.forgetting import find_rows
from batch_classifier.warehouse.tables import CORRECTIONS
from batch_classifier.warehouse.wanted import KeyKind, Wanted
from batch_classifier_tests.support.corrected_tables import Tables
from batch_classifier_tests.support.prompt_content import prompt_content

NOW = datetime.datetime(2026, 5, 4, 12, 0, 0, 123456, tzinfo=datetime.UTC)
MOVED = text_id("My flight was moved")


def imported(tables: Tables, content: str, at: datetime.datetime = NOW, who: str = "Ann", **more: Any) -> Imported:
    file = io.BytesIO(content.encode())
    return Import(tables.warehouse, tables.prompt, file, "labels.csv", who, at, DEFAULT_LIMITS, **more).run()


def rows(tables: Tables) -> list[dict[str, Any]]:
    name = tables.warehouse.name("tickets", CORRECTIONS)
    return tables.query(f"select * from {name} order by correction_set, number")


def latest(tables: Tables) -> dict[str, tuple[str | None, str | None, str | None]]:
    """What the view says; the emulator of Athena knows none, so its SQL is put as it stands in the catalog."""
    view = "tickets.latest_classifications"
    if tables.emulator is not None:
        glue = tables.emulator.client("glue")
        table = glue.get_table(DatabaseName="batch_classifier", Name="tickets_latest_classifications")["Table"]
        found = re.fullmatch(r"/\* Presto View: (.*) \*/", table["ViewOriginalText"])
        assert found
        view = f"({json.loads(base64.b64decode(found[1]))['originalSql']})"
    found_rows = tables.query(f'select record_id, "class", model_class, corrected_by from {view}')
    return {row["record_id"]: (row["class"], row["model_class"], row["corrected_by"]) for row in found_rows}


def results(tables: Tables, request_file: str) -> list[tuple[str, str | None, str | None]]:
    with rows_that_hold(tables.warehouse, tables.prompt, request_file) as batches:
        found = [row for batch in batches for row in batch.to_pylist()]
    return [(row["record_id"], row["class"], row["model_class"]) for row in found]


def test_a_correction_holds_for_the_same_text_everywhere(tables: Tables) -> None:
    done = imported(tables, "id,class,why\nA,Billing,about money\nE,Travel,\n", why="seen in a call")
    assert (done.rows, done.written, done.wrong) == (2, 2, 0)
    assert latest(tables) == {
        "A": ("Billing", "Travel", "Ann"),
        "D": ("Billing", "Travel", "Ann"),
        # The model had no class.
        "E": ("Travel", None, "Ann"),
        "B": ("Billing", None, None),
        "C": (None, None, None),
    }
    assert results(tables, "a.csv") == [("A", "Billing", "Travel"), ("B", "Billing", None), ("C", None, None)]
    assert results(tables, "b.csv") == [("D", "Billing", "Travel"), ("E", "Travel", None)]
    summary = {one.class_name: one for one in summarise(tables.warehouse, tables.prompt, "b.csv")}
    assert {name: (one.requests, one.corrected, one.failed) for name, one in summary.items()} == {
        "Billing": (1, 1, 0),
        "Travel": (1, 1, 0),
    }
    found = rows(tables)
    assert [(row["number"], row["old_class"], row["new_class"], row["why"]) for row in found] == [
        (1, "Travel", "Billing", "about money"),
        (2, None, "Travel", "seen in a call"),
    ]
    assert {row["corrected_at"].replace(microsecond=0) for row in found} == {NOW.replace(microsecond=0)}


def test_the_last_word_holds_whatever_the_clock_says(tables: Tables) -> None:
    imported(tables, "id,class\nA,Billing\n")
    earlier = NOW - datetime.timedelta(days=1)
    imported(tables, "id,class\nA,Other\n", at=earlier, who="Ben")
    imported(tables, "id,class\nD,Billing\n", at=earlier, who="Cem")
    assert latest(tables)["A"] == ("Billing", "Travel", "Cem")
    assert [row["who"] for row in rows(tables)] == ["Ann", "Ben", "Cem"]
    withdraw(tables.warehouse, tables.prompt, MOVED, "Dora", earlier)
    assert latest(tables)["A"] == ("Travel", None, None) and len(rows(tables)) == 4


def test_labels_are_what_holds_with_its_text(tables: Tables) -> None:
    imported(tables, "id,class\nA,Billing\nB,Other\n")
    imported(tables, "id,class\nB,Travel\n")
    withdraw(tables.warehouse, tables.prompt, "A", "Ann", NOW)
    with labels(tables.warehouse, tables.prompt) as found:
        assert [(one.text, one.class_name) for one in found] == [("I was charged twice", "Travel")]
    # A category that the prompt no longer has, and a text that was masked otherwise, teach nothing.
    others = prompt_content()["categories"][:1] + prompt_content()["categories"][2:]
    for changed in ({"categories": others}, {"redact": {"kinds": ["email"]}}):
        with labels(tables.warehouse, Prompt(name="tickets", **prompt_content(**changed))) as found:
            assert list(found) == []


def test_the_most_useful_examples_differ_from_what_is_there(tables: Tables) -> None:
    texts = [
        "I was charged twice",
        "I was charged twice by you",
        "The refund for my hotel never came",
        "The refund for my hotel has never come",
        "a" * 2_000,
    ]
    tables.put("c.csv", [(f"N{number}", text, "Other") for number, text in enumerate(texts)])
    imported(tables, "id,class\n" + "".join(f"N{number},Billing\n" for number in range(5)))
    # The first is an example of the prompt by now.
    assert useful_examples(tables.warehouse, tables.prompt, 1) == {"Billing": [texts[2]]}
    assert useful_examples(tables.warehouse, tables.prompt, 9) == {"Billing": [texts[2], texts[1], texts[3]]}
    assert named_examples(tables.warehouse, tables.prompt, ["N4", text_id(texts[0])]) == {
        "Billing": [texts[0], texts[4]]
    }
    with pytest.raises(ClassifierError, match="No correction of tickets holds for 'N9'"):
        named_examples(tables.warehouse, tables.prompt, ["N9"])


def test_nothing_is_half_imported(tables: Tables) -> None:
    done = imported(tables, "id,class\nA,Billing\nB,Nothing\nZ,Other\n")
    assert done.wrong == 2 and done.correction_set is None
    assert done.problems == [
        "Row 2 (id B) has the class 'Nothing', which is no category of tickets.",
        "Row 3 (id Z) has an id that no classification has.",
    ]
    assert rows(tables) == []


def test_a_text_is_named_by_its_text_id_too(tables: Tables) -> None:
    assert imported(tables, f"text_id,class\n{MOVED},Other\n").written == 1
    done = imported(tables, "text_id,class\nffff,Other\n")
    assert done.problems == ["Row 1 has a text_id that no classification has."]


def test_a_reason_is_masked_as_texts_are(tables: Tables) -> None:
    tables.prompt = Prompt(name="tickets", **prompt_content(redact={"kinds": ["email"]}))
    imported(tables, "id,class,why\nA,Billing,ask jane.doe@example.com\n")
    withdraw(tables.warehouse, tables.prompt, "A", "Ann", NOW, "says jane.doe@example.com")
    assert [row["why"] for row in rows(tables)] == ["ask [email]", "says [email]"]


def forget(tables: Tables, kind: KeyKind, value: str) -> dict[str, int]:
    wanted = Wanted(kind, value)
    found = find_rows(tables.warehouse, "tickets", wanted)
    tables.warehouse.forget_rows("tickets", wanted, found)
    tables.warehouse.reclaim({"tickets": found.request_files}, wanted, found.text_ids)
    return found.counts


def test_a_forgotten_text_takes_its_corrections_along(tables: Tables) -> None:
    imported(tables, "id,class,why\nA,Other,Ann's own words\nB,Other,\n")
    imported(tables, "id,class\nA,Billing\n")
    # D has the same text: the correction stays, and says no longer by which record it came.
    assert forget(tables, KeyKind.RECORD_ID, "A")["corrections"] == 2
    found = [(row["text_id"] == MOVED, row["record_id"], row["request_file"], row["why"]) for row in rows(tables)]
    assert found == [(True, None, None, None), (False, "B", "a.csv", None), (True, None, None, None)]
    assert latest(tables)["D"][0] == "Billing"
    assert forget(tables, KeyKind.FILE, "b.csv")["corrections"] == 2
    assert [row["record_id"] for row in rows(tables)] == ["B"]
    assert forget(tables, KeyKind.TEXT_LIKE, "CHARGED twice")["corrections"] == 1
    assert rows(tables) == []


def test_words_in_a_reason_go_and_the_correction_stays(tables: Tables) -> None:
    imported(tables, "id,class,why\nA,Other,Quetzalcoatl said so\n")
    withdraw(tables.warehouse, tables.prompt, "A", "Ann", NOW)
    assert forget(tables, KeyKind.TEXT_LIKE, "quetzalcoatl")["corrections"] == 1
    assert [(row["new_class"], row["why"]) for row in rows(tables)] == [("Other", None), (None, None)]
    assert latest(tables)["A"] == ("Travel", None, None)


def test_many_corrections_are_written_and_merged(tables: Tables) -> None:
    if tables.emulator is not None:
        pytest.skip("the same code; what differs is tested above")
    many = [(f"N{number}", f"text number {number}", "Travel") for number in range(5_000)]
    tables.put("many.csv", many)
    content = "\n".join(f"N{number},{'Billing' if number % 3 else 'Travel'}" for number in range(5_000))
    done = imported(tables, f"id,class\n{content}\n")
    assert done.written == sum(1 for number in range(5_000) if number % 3)
    found = results(tables, "many.csv")
    assert found == [
        (f"N{number}", *(("Billing", "Travel") if number % 3 else ("Travel", None))) for number in range(5_000)
    ]
    added = new_set(tables.warehouse, tables.prompt, "Ann", NOW)
    gone = Correction("gone", "a text that no file has any more", None, None, "Travel", "Other")
    assert write_set(tables.warehouse, tables.prompt, added, added.rows([gone])) == 1
    assert results(tables, "many.csv") == found
