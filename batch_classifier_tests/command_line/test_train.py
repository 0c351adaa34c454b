"""`train`, as a person uses it: labels and corrections become a model, Dagster shows it, and `forget` removes it."""

from pathlib import Path

import dagster as dg
import pytest

from batch_classifier.storage.internal_keys import local_model_key
from batch_classifier_tests.support.command_line import make_project, run, told
from batch_classifier_tests.support.labelled_texts import labelled_texts
from batch_classifier_tests.support.request_files import file_of


def test_labels_and_corrections_become_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    assert "has 3 texts to learn from, and it takes 20" in told(run("train", "--prompt", "tickets"))
    rows = [
        {"id": f"T{number}", "text": text.text, "label": text.class_name}
        for number, text in enumerate(labelled_texts(60, seed=1))
    ]
    Path("calls.csv").write_bytes(file_of(rows, ".csv"))
    assert run("classify", "calls.csv", "--prompt", "tickets").exit_code == 0
    Path("right.csv").write_text("id,class\nT0,Other\nT1,Billing\n", encoding="utf-8")
    assert run("corrections", "--prompt", "tickets", "--import", "right.csv").exit_code == 0
    trained = run("train", "--prompt", "tickets")
    assert trained.exit_code == 0, trained.output
    assert "is trained on 63 texts: 2 by correction, 58 by label, 3 by example." in trained.output
    assert "95% interval" in trained.output and "Billing" in trained.output
    model = Path("data/internal") / local_model_key("tickets")
    with dg.DagsterInstance.from_config(".") as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["tickets", "local_model"]))
    assert event is not None and event.asset_materialization is not None
    assert str(event.asset_materialization.metadata["model"].value) in trained.output

    rehearsed = run("forget", "--record-id", "T7")
    assert "tickets: trained model" in rehearsed.output and model.exists()
    forgotten = run("forget", "--record-id", "T7", "--yes")
    assert forgotten.exit_code == 0 and not model.exists(), forgotten.output
    assert run("train", "--prompt", "tickets").exit_code == 0
    assert "tickets: trained model" not in run("forget", "--record-id", "T7").output
