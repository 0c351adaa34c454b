"""`classify` takes a file through both jobs of the cascade, with the local engine in the model's place; what is forgotten is gone there too."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from batch_classifier.batches.forgetting import forget_texts, stored_batches
from batch_classifier.cascade.local_answers import read_audited
from batch_classifier.command_line.main import command_line
from batch_classifier.defs.skipped_checks import PLAN_LOGGER
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.sample_data.generate import write_sample
from batch_classifier.storage.internal_keys import LOCAL_BATCH, audit_of
from batch_classifier.storage.local_folder import LocalFolder
from batch_classifier_tests.support.command_line import make_project
from batch_classifier_tests.support.project import Project

CASCADE = "cascade: {sample: 150, agreement: 0.9, audit: 0.6}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that has classified 400 deals by one command."""
    folder = tmp_path_factory.mktemp("project")
    made = make_project(folder)
    prompt = folder / "prompts" / "lost_deals.yaml"
    prompt.write_text(prompt.read_text(encoding="utf-8") + CASCADE, encoding="utf-8")
    write_sample("lost_deals", 400, 3, folder / "deals.csv")
    with pytest.MonkeyPatch.context() as patch, warnings_of_dagster() as warned:
        patch.chdir(folder)
        done = CliRunner().invoke(command_line, ["classify", "deals.csv", "--prompt", "lost_deals"])
        assert done.exit_code == 0, done.output
        assert "answered by the local model." in done.output and "classified anew" not in done.output
        # The sample was new as well.
        assert ", 0 asked before, " in done.output
        # While the sample is asked what follows is skipped, blocking checks too, which is nothing to warn of.
        assert not warned
        yield made


@contextmanager
def warnings_of_dagster() -> Iterator[list[str]]:
    """What Dagster's plan of a run warns of meanwhile; the command line would print it."""
    warned: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warned.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger(PLAN_LOGGER)
    logger.addHandler(handler)
    try:
        yield warned
    finally:
        logger.removeHandler(handler)


def test_one_command_is_enough(project: Project) -> None:
    rows = project.query("select * from lost_deals.classifications")
    assert len(rows) == 400 and {row["status"] for row in rows} == {"classified"}
    by_source = {source: [row for row in rows if row["source"] == source] for source in ("model", "local_model")}
    assert len(by_source["model"]) >= 150 and len(by_source["local_model"]) > 50
    assert {row["model_id"].split("-")[0] for row in by_source["local_model"]} == {"local_model"}
    # The sample is less than what is drawn of the file.
    assert len(list(read_audited(*_place(project)))) > 20


def test_forgotten_texts_leave_the_local_answers_and_what_was_audited(project: Project) -> None:
    internal, prompt, name = _place(project)
    batches = [one for one in stored_batches(internal, "lost_deals") if one.name in (name, audit_of(name))]
    audited, _ = next(iter(read_audited(internal, prompt, name)))
    (row,) = project.query("select text_id from lost_deals.classifications where source = 'local_model' limit 1")
    forgotten = {row["text_id"], audited}
    for batch in batches:
        forget_texts(internal, batch, forgotten, is_rehearsal=False)
    keys = [key for batch in batches for key in batch.keys if not key.endswith(".arrow")]
    left = b"".join(internal.read_bytes(key) or b"" for key in keys)
    assert len(batches) == 2 and left and not any(text_id.encode() in left for text_id in forgotten)


def _place(project: Project) -> tuple[LocalFolder, Prompt, str]:
    internal = LocalFolder(project.home / "internal")
    (found,) = [one.name for one in stored_batches(internal, "lost_deals") if one.name.startswith(LOCAL_BATCH)]
    return internal, load_prompts(project.home.parent / "prompts").get("lost_deals"), found
