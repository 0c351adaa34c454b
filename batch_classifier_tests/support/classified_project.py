"""A project with classified files, made once for a test file, and put back for each of its tests as it was then."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from batch_classifier_tests.support.command_line import make_project
from batch_classifier_tests.support.project import Project


def classified_project(folder: Path, classify: Callable[[], None]) -> tuple[Path, Path]:
    """The folder of a project, and a copy of it: `classify` is called in it, with one prompt that writes all formats."""
    folder.mkdir()
    make_project(folder)
    for prompt in (folder / "prompts").glob("*.yaml"):
        if prompt.stem != "tickets":
            prompt.unlink()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        content = Path("prompts/tickets.yaml").read_text(encoding="utf-8")
        Path("prompts/tickets.yaml").write_text(f"{content}\nresults: [csv, json, xlsx]\n", encoding="utf-8")
        classify()
    return folder, Path(shutil.copytree(folder, folder.with_name("as_it_was")))


@contextmanager
def project_as_it_was(classified: tuple[Path, Path], columns: int) -> Iterator[Project]:
    """The project as it was, at the path at which it was made: the tables name places in it. The terminal has so many columns."""
    folder, as_it_was = classified
    shutil.rmtree(folder)
    shutil.copytree(as_it_was, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", str(columns))
        yield Project(folder / "data", None, None)  # type: ignore[arg-type]
