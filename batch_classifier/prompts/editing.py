"""Changes to a prompt file by a command: its comments, its order and its style stay."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batch_classifier.errors import PromptError
from batch_classifier.prompts.loading import load_prompt, prompt_files
from batch_classifier.prompts.prompt import Category

_WIDTH = 120


def file_of_prompt(folder: Path, name: str) -> Path:
    """The file of a prompt; raises PromptError where there is none."""
    for path in prompt_files(folder):
        if path.stem == name:
            return path
    raise PromptError(f"There is no file for the prompt {name!r} in {folder}.")


def add_category(path: Path, category: Category, before: str) -> None:
    """Write a category into a prompt file, before the category of that name, or last.

    Raises PromptError where the file would have an error then; it stays as it was.
    """

    def add(content: Any) -> None:
        categories = content["categories"]
        place = next((place for place, one in enumerate(categories) if one["name"] == before), len(categories))
        entry: dict[str, Any] = {"name": category.name, "description": category.description}
        if category.examples:
            entry["examples"] = list(category.examples)
        categories.insert(place, entry)

    edit_prompt_file(path, add)


def edit_prompt_file(path: Path, change: Callable[[Any], None]) -> None:
    """Change a prompt file's content in place; raises PromptError where it would have an error then, and leaves it as it was."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    text = path.read_text(encoding="utf-8")
    yaml.indent(mapping=2, sequence=4, offset=2)
    try:
        content = yaml.load(text)
    except YAMLError as error:
        raise PromptError.of(path, "is not valid YAML; run `batch-classifier prompts`.") from error
    change(content)
    written = io.StringIO()
    yaml.dump(content, written)
    # Beside the file, under a name that no prompt can have: checked as a prompt of the same name, and then in its place.
    folder = path.with_name(f".{path.stem}.unfinished")
    folder.mkdir(exist_ok=True)
    changed = folder / path.name
    try:
        changed.write_text(written.getvalue(), encoding="utf-8")
        load_prompt(changed)
        shutil.copymode(path, changed)
        changed.replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
