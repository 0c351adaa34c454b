"""Examples put into a prompt file: everything else in it, also comments, order and quotes, stays as a person wrote it."""

import io
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from batch_classifier.errors import PromptError
from batch_classifier.prompts.loading import load_prompt
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.prompts.small_file import read_small_text

# Long texts stay on their line: a person's own line breaks are not moved.
_LONGEST_LINE = 1_000_000
_LIST_BELOW_KEY = re.compile(
    r"^( *)[^\s#-][^\n]*:[ \t]*(?:#[^\n]*)?\r?\n(?:[ \t]*(?:#[^\n]*)?\r?\n)*( *)- ", re.MULTILINE
)


def add_examples(path: Path, examples: Mapping[str, Sequence[str]]) -> int:
    """Add texts to the examples of categories, by their name, and return how many were new.

    A text that is an example of the category already is left out. The file is replaced when the new one is whole and loads.
    Raises PromptError for a file that is not valid, before or afterwards, and OSError when it cannot be written.
    """
    before = load_prompt(path)
    there = {category.name: set(category.examples) for category in before.categories}
    new = {
        name: [text for text in dict.fromkeys(one.strip() for one in texts) if text and text not in there[name]]
        for name, texts in examples.items()
    }
    count = sum(map(len, new.values()))
    if count:
        _replace(path, _with_examples(read_small_text(path), new), before)
    return count


def _with_examples(content: str, new: Mapping[str, Sequence[str]]) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _LONGEST_LINE
    offset = _offset_of_lists(content)
    yaml.indent(mapping=2, sequence=2 + offset, offset=offset)
    loaded = yaml.load(content.replace("\r\n", "\n"))
    for category in loaded["categories"]:
        for text in new.get(str(category["name"]).strip(), ()):
            if not category.get("examples"):
                category["examples"] = []
            # In quotes: what the two versions of YAML take for text differs (no, 1:30).
            category["examples"].append(DoubleQuotedScalarString(text))
    written = io.StringIO()
    yaml.dump(loaded, written)
    ends = "\r\n" if "\r\n" in content else "\n"
    return written.getvalue().replace("\n", ends)


def _offset_of_lists(content: str) -> int:
    """How far the file's lists are set in below their key: 0 or 2, as the first one is."""
    found = _LIST_BELOW_KEY.search(content)
    return 0 if found is not None and len(found[1]) == len(found[2]) else 2


def _replace(path: Path, content: str, before: Prompt) -> None:
    mark = b"\xef\xbb\xbf" if path.read_bytes().startswith(b"\xef\xbb\xbf") else b""
    with tempfile.TemporaryDirectory(prefix="batch-classifier-") as folder:
        # Under its own name, which is the prompt's.
        draft = Path(folder) / path.name
        draft.write_bytes(mark + content.encode())
        try:
            after = load_prompt(draft)
        except PromptError as error:
            fault = str(error).removeprefix(f"{draft}: ")
            raise PromptError.of(path, f"the examples cannot be added, it would not load then: {fault}") from error
    if _without_examples(after) != _without_examples(before):
        raise PromptError.of(path, "it would not say the same with the examples added; write them into it yourself.")
    # A hidden file is no prompt to anybody who lists the folder meanwhile.
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        unfinished.write_bytes(mark + content.encode())
        shutil.copymode(path, unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _without_examples(prompt: Prompt) -> dict[str, Any]:
    return prompt.model_dump(exclude={"categories": {"__all__": {"examples"}}})
