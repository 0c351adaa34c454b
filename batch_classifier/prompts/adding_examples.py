"""Examples put into a prompt file: everything else in it stays as a person wrote it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from batch_classifier.prompts.editing import edit_prompt_file, quoted
from batch_classifier.prompts.loading import load_prompt


def add_examples(path: Path, examples: Mapping[str, Sequence[str]]) -> int:
    """Add texts to the examples of categories, by their name, and return how many were new.

    A text that is an example of the category already is left out. Raises PromptError for a file that is not valid, before or
    afterwards, and OSError when it cannot be written; then it stays as it was.
    """
    there = {category.name: set(category.examples) for category in load_prompt(path).categories}
    new = {
        name: [text for text in dict.fromkeys(one.strip() for one in texts) if text and text not in there[name]]
        for name, texts in examples.items()
    }

    def add(content: Any) -> None:
        for category in content["categories"]:
            for text in new.get(str(category["name"]).strip(), ()):
                if not category.get("examples"):
                    category["examples"] = []
                category["examples"].append(quoted(text))

    count = sum(map(len, new.values()))
    if count:
        edit_prompt_file(path, add)
    return count
