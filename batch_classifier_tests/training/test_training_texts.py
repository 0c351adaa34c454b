"""Which texts a model is trained on, in both warehouses."""

import datetime
from typing import Any

import pyarrow as pa
import pytest

from batch_classifier.answers.labels import Labels
from batch_classifier.corrections.correction import Correction, new_set, write_set
from batch_classifier.language.text_id import text_id
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.training import training_texts
from batch_classifier.training.training_texts import Origin, TrainingTexts, read_training_texts
from batch_classifier.warehouse.tables import CLASSIFICATIONS, RAW_REQUESTS
from batch_classifier_tests.support.corrected_tables import Tables
from batch_classifier_tests.support.prompt_content import prompt_content

# Text, label as the file spells it, version of the masking, class and model of its answer.
Row = tuple[str, str | None, str | None, str | None, str | None]
ROWS: list[Row] = [
    ("The train was late", "travel", None, "Billing", "model-a"),
    ("The train was late", "Travel", None, "Billing", "model-a"),
    ("The train was late", "Billing", None, "Billing", "model-a"),
    ("Is it a fee or a fare?", "Billing", None, "Travel", "model-a"),
    ("Is it a fee or a fare?", "Travel", None, "Travel", "model-a"),
    ("Something else", "Weather", None, "Other", "model-a"),
    ("Never labelled", None, None, "Billing", "local/engine"),
    ("Masked in another way", "Billing", "0123", "Billing", "model-a"),
    ("I was charged twice", "Travel", None, None, None),
]


def put(tables: Tables, rows: list[Row]) -> None:
    made: list[dict[str, Any]] = [
        {
            "request_file": "labelled.csv",
            "row_number": number,
            "record_id": str(number),
            "text": text,
            "input_text": text,
            "text_id": text_id(text),
            "text_bytes": len(text),
            "expected_class": label,
            "redaction": redaction,
            "class": name,
            "model_id": model,
            "status": "classified" if name else "no_answer",
            "attributes": "{}",
        }
        for number, (text, label, redaction, name, model) in enumerate(rows, 1)
    ]
    for table in (RAW_REQUESTS, CLASSIFICATIONS):
        own = [{key: row[key] for key in row if key in table.schema.names} for row in made]
        batch = pa.RecordBatch.from_pylist(own, schema=table.schema)
        tables.warehouse.replace("tickets", table, "labelled.csv", [batch])


def correct(tables: Tables, text: str, new_class: str) -> None:
    added = new_set(tables.warehouse, tables.prompt, "Ann", datetime.datetime(2026, 5, 4, tzinfo=datetime.UTC))
    correction = Correction(text_id(text), text, "1", "labelled.csv", None, new_class)
    write_set(tables.warehouse, tables.prompt, added, added.rows([correction]))


def read(tables: Tables, *learn_from: str) -> TrainingTexts:
    chosen = {"local_model": {"learn_from": learn_from}} if learn_from else {}
    prompt = Prompt(name="tickets", **prompt_content(**chosen, model={"id": "model-a", "family": "claude"}))
    return read_training_texts(tables.warehouse, prompt, Labels(prompt.class_names).named)


def said(found: TrainingTexts) -> dict[str, tuple[str, str]]:
    return {text.text: (text.class_name, str(text.origin)) for text in found.texts}


def test_people_are_believed_in_the_order_in_which_they_looked(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tables, ROWS)
    correct(tables, "A text that only the correction has", "Other")
    correct(tables, "Something else", "Billing")
    found = read(tables)
    assert said(found) == {
        "The train was late": ("Travel", "label"),
        "Something else": ("Billing", "correction"),
        "A text that only the correction has": ("Other", "correction"),
        "I was charged twice": ("Travel", "label"),
        "My flight was moved": ("Travel", "example"),
        "Wrong number, sorry": ("Other", "example"),
    }
    assert (found.contradicting, found.left_out) == (1, 0)
    assert found.by_origin == {"correction": 2, "label": 2, "example": 2}
    assert [text.text_id for text in found.texts] == sorted(text_id(text) for text in said(found))

    # A model's answers, when asked: only of the prompt's model, and only where nobody has said anything.
    assert said(read(tables, "labels", "corrections", "answers")) == said(found)
    assert set(read(tables, "corrections").by_origin) == {"correction", "example"}
    assert set(read(tables, "answers").by_origin) == {"model_answer", "example"}

    monkeypatch.setattr(training_texts, "MOST_TEXTS", 3)
    cut = read(tables)
    assert cut.left_out == 1
    assert cut.by_origin["correction"] == 2 and cut.by_origin["label"] == 1
    assert said(read(tables)) == said(cut)


def test_a_model_answers_where_nobody_else_has_said_anything(tables: Tables) -> None:
    put(tables, [("Refund me", None, None, "Billing", "model-a"), ("Refund me not", None, None, "Travel", "model-b")])
    found = {text.text: text for text in read(tables, "labels", "answers").texts}
    assert (found["Refund me"].class_name, found["Refund me"].origin) == ("Billing", Origin.MODEL_ANSWER)
    assert "Refund me not" not in found
    assert "Refund me" not in said(read(tables))
