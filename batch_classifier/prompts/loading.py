"""Prompt files, loaded from their folder: whatever is wrong with one never keeps the others from loading."""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from batch_classifier.errors import PromptError
from batch_classifier.prompts.bounded_rendering import BoundedRenderer, UnfitTemplate
from batch_classifier.prompts.faults import validation_faults
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.prompts.small_file import UnfitFile
from batch_classifier.prompts.yaml_file import read_yaml, yaml_fault

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
    """Load every `*.yaml` of a folder; a file with an error leaves the others alone. A missing folder is an error too.

    It ends in bounded time and memory, whatever the files hold.
    """
    try:
        paths = prompt_files(folder)
    except OSError as error:
        fault = "is not a folder" if not folder.is_dir() else f"cannot be listed ({error.strerror})"
        sentence = f"{folder} {fault}; BATCH_CLASSIFIER_PROMPTS must name the prompts' folder."
        return PromptFolder({}, (PromptError(sentence),))
    if not paths:
        sentence = f"{folder} holds no prompt file (*.yaml); write one, or begin with those of `batch-classifier init`."
        return PromptFolder({}, (PromptError(sentence),))
    prompts: dict[str, Prompt] = {}
    errors: list[PromptError] = []
    with BoundedRenderer() as renderer:
        for path in paths:
            try:
                prompt = load_prompt(path, renderer)
                if prompt.name in prompts:
                    raise PromptError.of(
                        path, f"there is another file for the prompt {prompt.name!r}; remove one of the two."
                    )
                prompts[prompt.name] = prompt
            except PromptError as error:
                errors.append(error)
            except Exception as error:
                # Whatever a file brings its readers to raise, it must not keep the other prompts from loading.
                errors.append(PromptError.of(path, f"cannot be loaded ({type(error).__name__})."))
    return PromptFolder(prompts, tuple(errors))


def prompt_files(folder: Path) -> list[Path]:
    """What a folder holds for prompts, in order; raises OSError where it cannot be listed."""
    return sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml") and path.name[0] != ".")


def load_prompt(path: Path, renderer: BoundedRenderer | None = None) -> Prompt:
    """Read and check one prompt file; raises PromptError with one sentence that names file, key and fault.

    Without a renderer it takes one of its own.
    """
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
        content = read_yaml(path)
    except UnfitFile as error:
        raise PromptError.of(path, f"{error}.") from error
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
        raise PromptError.of(
            path, "its keys must be plain text; put a key that is a number or a date in quotes."
        ) from error
    if renderer is None:
        with BoundedRenderer() as own:
            _render(prompt, path, own)
    else:
        _render(prompt, path, renderer)
    return prompt


def _render(prompt: Prompt, path: Path, renderer: BoundedRenderer) -> None:
    """Render the instructions once, within bounds, and keep them in the prompt; raises PromptError."""
    try:
        rendered = renderer.render(prompt.instructions, prompt.variables)
    except UnfitTemplate as error:
        raise PromptError.of(path, f"instructions: the template does not render: {error}.") from error
    missing = next((name for name in prompt.class_names if name not in rendered), None)
    if missing is not None:
        raise PromptError.of(
            path, f"instructions: the rendered text does not name the category {missing!r}; loop over `categories`."
        )
    # Where the cached property would keep it.
    vars(prompt)["system"] = rendered


@lru_cache(maxsize=1)
def _taken_names() -> frozenset[str]:
    """Words that no schema can have as its plain name: SQL's own, and DuckDB's catalogs and schemas."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        sql = "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'"
        words = {name for (name,) in connection.execute(sql).fetchall()}
    return frozenset(words | {"main", "temp", "system", "warehouse", "information_schema", "pg_catalog"})
