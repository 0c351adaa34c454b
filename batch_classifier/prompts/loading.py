"""Prompt files, loaded from their folder: whatever is wrong with one never keeps the others from loading."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jinja2
import yaml
from pydantic import ValidationError

from batch_classifier.errors import PromptError
from batch_classifier.prompts.faults import validation_faults
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.prompts.yaml_file import UniqueKeysLoader, yaml_fault

# The name becomes a schema in the warehouse, a group in Dagster and part of a job's name (no underscore there, 63 characters).
PROMPT_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")


@dataclass(frozen=True)
class PromptFolder:
    """The prompts of a folder: those that loaded, by name, and one error for each that did not."""

    prompts: dict[str, Prompt]
    errors: tuple[PromptError, ...]

    def get(self, name: str) -> Prompt:
        """The prompt of that name; raises PromptError naming those there are, or what is wrong with its file."""
        if name in self.prompts:
            return self.prompts[name]
        for error in self.errors:
            # Without a file it is about the folder, and keeps every prompt from loading.
            if error.file is None or error.file.stem == name:
                raise error
        known = ", ".join(sorted(self.prompts)) or "none"
        raise PromptError(f"There is no prompt named {name!r}; the prompts are: {known}.")


def load_prompts(folder: Path) -> PromptFolder:
    """Load every `*.yaml` of a folder; a file with an error leaves the others alone. A missing folder is an error too."""
    if not folder.is_dir():
        return PromptFolder(
            {}, (PromptError(f"{folder} is not a folder; BATCH_CLASSIFIER_PROMPTS must name the prompts' folder."),)
        )
    prompts: dict[str, Prompt] = {}
    errors: list[PromptError] = []
    for path in sorted(
        path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and not path.name.startswith(".")
    ):
        try:
            prompt = load_prompt(path)
            if prompt.name in prompts:
                raise PromptError.of(
                    path, f"there is another file for the prompt {prompt.name!r}; remove one of the two."
                )
            prompts[prompt.name] = prompt
        except PromptError as error:
            errors.append(error)
    return PromptFolder(prompts, tuple(errors))


def load_prompt(path: Path) -> Prompt:
    """Read and check one prompt file; raises PromptError with one sentence that names file, key and fault."""
    if not PROMPT_NAME.fullmatch(path.stem):
        raise PromptError.of(
            path,
            "a prompt's file name must be lower-case letters, digits and underscores, at most 30, starting with a letter.",
        )
    if path.stem in _taken_names():
        raise PromptError.of(
            path, f"{path.stem} means something else in SQL and cannot name a schema; rename the file."
        )
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=UniqueKeysLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError.of(path, f"cannot be read as UTF-8 text ({error}).") from error
    except yaml.YAMLError as error:
        raise PromptError.of(path, f"is not valid YAML: {yaml_fault(error)}.") from error
    if not isinstance(content, dict):
        raise PromptError.of(path, "must be a YAML mapping with the keys description, input, categories and so on.")
    if "name" in content:
        raise PromptError.of(path, "name: is not a key here; the file's name is the prompt's name.")
    try:
        prompt = Prompt(name=path.stem, **content)
    except ValidationError as error:
        raise PromptError.of(path, f"{validation_faults(error)}.") from error
    except TypeError as error:
        raise PromptError.of(path, f"its keys must be plain text ({error}).") from error
    try:
        rendered = prompt.system
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
        raise PromptError.of(path, f"instructions: the template does not render: {str(error).rstrip('.')}.") from error
    missing = [name for name in prompt.class_names if name not in rendered]
    if missing:
        raise PromptError.of(
            path, f"instructions: the rendered text does not name the category {missing[0]!r}; loop over `categories`."
        )
    return prompt


@lru_cache(maxsize=1)
def _taken_names() -> frozenset[str]:
    """Words that no schema can have as its plain name: SQL's own, and DuckDB's catalogs and schemas."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        sql = "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
        words = {name for (name,) in connection.execute(sql).fetchall()}
    return frozenset(words | {"main", "temp", "system", "warehouse", "information_schema", "pg_catalog"})
