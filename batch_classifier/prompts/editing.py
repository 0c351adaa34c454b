"""Changes to a prompt file by a command: its comments, its order and its style stay."""

import codecs
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batch_classifier.errors import PromptError
from batch_classifier.prompts.loading import load_prompt, prompt_files
from batch_classifier.prompts.prompt import Category, Prompt
from batch_classifier.prompts.small_file import UnfitFile, read_small_text

# A person's own line breaks are not moved.
_LONGEST_LINE = 1_000_000
_LIST_BELOW_KEY = re.compile(
    r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)- ", re.MULTILINE
)


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
        entry: dict[str, Any] = {"name": quoted(category.name), "description": quoted(category.description)}
        if category.examples:
            entry["examples"] = [quoted(example) for example in category.examples]
        categories.insert(place, entry)

    edit_prompt_file(path, add)


def edit_prompt_file(path: Path, change: Callable[[Any], None]) -> Prompt:
    """Change a prompt file's content in place, and return the prompt that it is now.

    Line ends, a byte-order mark and the indent of lists stay too. Raises PromptError where the file would have an error then, and
    leaves it as it was.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    text = _text_of(path)
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _LONGEST_LINE
    offset = _offset_of_lists(text)
    yaml.indent(mapping=2, sequence=2 + offset, offset=offset)
    try:
        content = yaml.load(text.replace("\r\n", "\n"))
    except YAMLError as error:
        raise PromptError.of(path, "is not valid YAML; run `batch-classifier prompts`.") from error
    change(content)
    written = io.StringIO()
    yaml.dump(content, written)
    changed = written.getvalue().replace("\n", "\r\n" if "\r\n" in text else "\n")
    mark = codecs.BOM_UTF8 if path.read_bytes().startswith(codecs.BOM_UTF8) else b""
    return _replace(path, mark + changed.encode())


def quoted(text: str) -> str:
    """A text as it is put into a file: in quotes, for what the two versions of YAML take for text differs (no, 1:30)."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    made: str = DoubleQuotedScalarString(text)
    return made


def _text_of(path: Path) -> str:
    try:
        return read_small_text(path)
    except UnfitFile as error:
        raise PromptError.of(path, f"{error}.") from error


def _offset_of_lists(text: str) -> int:
    """How far the file's lists are set in below their key: 0 or 2, as the first one is."""
    found = _LIST_BELOW_KEY.search(text)
    return 0 if found is not None and len(found[1]) == len(found[2]) else 2


def _replace(path: Path, content: bytes) -> Prompt:
    # Beside the file, under a name that no prompt can have: checked as a prompt of the same name, and then in its place.
    folder = path.with_name(f".{path.stem}.unfinished")
    folder.mkdir(exist_ok=True)
    changed = folder / path.name
    try:
        changed.write_bytes(content)
        try:
            prompt = load_prompt(changed)
        except PromptError as error:
            fault = str(error).removeprefix(f"{changed}: ")
            raise PromptError.of(path, f"is not changed, for it would not load then: {fault}") from error
        shutil.copymode(path, changed)
        changed.replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return prompt
