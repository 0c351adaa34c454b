"""`train`, as a person uses it: labels and corrections become a model, Dagster shows it, and `forget` removes it."""

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from batch_classifier.storage.internal_keys import local_model_key
from batch_classifier_tests.support.command_line import make_project, run, told
from batch_classifier_tests.support.labelled_texts import labelled_texts
from batch_classifier_tests.support.project import Project
from batch_classifier_tests.support.request_files import file_of


def figures() -> dict[str, Any]:
    """What `evaluate` says of the engine on texts that are in no table."""
    assert run("evaluate", "--prompt", "tickets", "--labels", "new.csv", "--json", "figures.json").exit_code == 0
    (variant,) = json.loads(Path("figures.json").read_bytes())["variants"]
    return dict(variant)


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
    new = [{"id": text.text_id, "text": text.text, "label": text.class_name} for text in labelled_texts(60, seed=2)]
    Path("new.csv").write_bytes(file_of(new, ".csv"))
    assert run("classify", "calls.csv", "--prompt", "tickets").exit_code == 0
    Path("right.csv").write_text("id,class\nT0,Other\nT1,Billing\n", encoding="utf-8")
    assert run("corrections", "--prompt", "tickets", "--import", "right.csv").exit_code == 0
    before = figures()
    trained = run("train", "--prompt", "tickets")
    assert trained.exit_code == 0, trained.output
    assert "is trained on 63 texts: 2 by correction, 58 by label, 3 by example." in trained.output
    assert "95% interval" in trained.output and "Billing" in trained.output
    model = Path("data/internal") / local_model_key("tickets")
    with dg.DagsterInstance.from_config(".") as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["tickets", "local_model"]))
    assert event is not None and event.asset_materialization is not None
    assert str(event.asset_materialization.metadata["model"].value) in trained.output

    # The local engine follows it from now on, on texts that it has not seen too, and says so.
    after = figures()
    assert after["accuracy"] > before["accuracy"] + 0.05
    assert after["model_id"] == f"{before['model_id']}+{event.asset_materialization.metadata['model'].value}"
    assert run("classify", "calls.csv", "--prompt", "tickets").exit_code == 0
    asked = Project(Path("data"), None, None).query("select distinct model_id from tickets.classifications")  # type: ignore[arg-type]
    assert [row["model_id"] for row in asked] == [after["model_id"]]

    rehearsed = run("forget", "--record-id", "T7")
    assert "tickets: trained model" in rehearsed.output and model.exists()
    forgotten = run("forget", "--record-id", "T7", "--yes")
    assert forgotten.exit_code == 0 and not model.exists(), forgotten.output
    assert run("train", "--prompt", "tickets").exit_code == 0
    assert "tickets: trained model" not in run("forget", "--record-id", "T7").output
