"""`batch-classifier init`: a team's own project in a folder of its own, with nothing but what it needs to start.

Prompts, dagster.yaml and workspace.yaml are the repository's: a wheel carries them in `project_template`, and in a
checkout they stand at its root.
"""

import shutil
import uuid
from pathlib import Path
from typing import get_args

from pydantic.fields import FieldInfo

from batch_classifier.errors import ClassifierError
from batch_classifier.settings import PREFIX, Settings

PACKAGED = Path(__file__).parent.parent / "project_template"
CHECKOUT = PACKAGED.parent.parent

_ENV_HEAD = """\
# Settings of this project: take the # away from a line to set it. What is not set is as the line says.
# Not for version control: some of it may be secret.
"""
_ENV_FOOT = """\
# For AWS: Region, credentials and endpoints are those of boto3, under its own names.
#AWS_REGION=
#AWS_PROFILE=
"""


def make_project(folder: Path) -> list[str]:
    """Write a project into `folder`, which may be there already; returns the names of what was written, as in `prompts`.

    All of it or nothing is there at the end. Raises ClassifierError, naming what is in the way, instead of overwriting
    anything, and when the folder cannot be written.
    """
    target = folder.absolute()
    if target.is_symlink() and not target.exists():
        raise ClassifierError(f"{folder} is a link that leads nowhere; name another folder.")
    if target.exists() and not target.is_dir():
        raise ClassifierError(f"{folder} is a file; name a folder.")
    if not target.exists() and not target.parent.is_dir():
        raise ClassifierError(
            f"There is no folder {folder.parent}; make it first, or name a folder in one that is there."
        )
    source = _source()
    is_there = target.is_dir()
    aside = (target if is_there else target.parent) / f".batch-classifier-{uuid.uuid4().hex}"
    try:
        try:
            aside.mkdir()
            _write(source, aside)
            names = sorted(path.name for path in aside.iterdir())
            if is_there:
                _move_into(aside, target, folder)
            else:
                aside.rename(target)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ClassifierError(f"{folder} cannot be written ({reason}); nothing was left there.") from error
    return names


def environment_file() -> str:
    """The content of a `.env` that sets nothing: every setting with what it is for and its default, as comments."""
    lines, defaults = [_ENV_HEAD], Settings.model_construct().model_dump()
    for name, field in Settings.model_fields.items():
        value = "" if defaults[name] is None else str(defaults[name])
        lines += [f"# {field.description}{_choices(field)}", f"#{PREFIX}{name.upper()}={value}\n"]
    return "\n".join([*lines, _ENV_FOOT])


def _choices(field: FieldInfo) -> str:
    """The values that a setting can have, where these are words."""
    words = [word for part in (field.annotation, *get_args(field.annotation)) for word in get_args(part)]
    words = list(dict.fromkeys(word for word in words if isinstance(word, str)))
    return f" ({' or '.join(words)})" if words else ""


def _source() -> Path:
    for folder in (PACKAGED, CHECKOUT):
        if (folder / "dagster.yaml").is_file() and (folder / "prompts").is_dir():
            return folder
    raise ClassifierError(
        "This installation was built without the files of a project; install a wheel that was built from the whole repository."
    )


def _write(source: Path, target: Path) -> None:
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copyfile(source / name, target / name)
    (target / "prompts").mkdir()
    for path in sorted((source / "prompts").glob("*.yaml")):
        shutil.copyfile(path, target / "prompts" / path.name)
    shutil.copyfile(PACKAGED / "README.md", target / "README.md")
    shutil.copyfile(PACKAGED / "gitignore", target / ".gitignore")
    (target / ".env").write_text(environment_file(), encoding="utf-8")


def _move_into(aside: Path, target: Path, folder: Path) -> None:
    """Move what stands aside into a folder that is there; when that fails midway, what was moved is taken away again."""
    paths = sorted(aside.iterdir())
    taken = [path.name for path in paths if (target / path.name).exists() or (target / path.name).is_symlink()]
    if taken:
        raise ClassifierError(
            f"{folder} has {', '.join(taken)} already, and nothing is overwritten; name another folder, or move that away."
        )
    moved: list[Path] = []
    try:
        for path in paths:
            moved.append(path.rename(target / path.name))
    except OSError:
        for path in moved:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        raise
