"""Prompt files: one YAML file in `prompts/` is one classification task, and so one pipeline.

The schema below is the whole contract of such a file. Whatever is wrong with it is told in one sentence that names the
file, the key and what to do (`PromptError`), and never keeps the other prompts from loading.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import jinja2
import jinja2.sandbox
import orjson
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from batch_classifier.errors import PromptError

# The name becomes a schema in the warehouse, a group in Dagster and part of a job's name (no underscore there, 63 characters).
PROMPT_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
# Part of every prompt version: raise it when the way a text is put to the model changes, so that old answers are not reused.
REQUEST_FORM = 2


def _one_line(value: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
        raise ValueError("must stand on one line, without control characters")
    if "<" in value or ">" in value:
        raise ValueError("must not hold < or >, which mark the parts of an answer")
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


class Category(_Part):
    """One of the classes a text can get."""

    name: Name = Field(description="the class as it stands in every table and file")
    description: Text = Field(description="what belongs to it, for the model")
    examples: tuple[Text, ...] = Field(default=(), description="typical texts; the local engine learns from them")


class InputColumns(_Part):
    """Which columns of a request file mean what; case and surrounding spaces do not matter."""

    text: Text = Field(description="the column that holds the text")
    id: Text | None = Field(default=None, description="the column that holds the record's id; else the row's number")
    label: Text | None = Field(
        default=None, description="the column that holds the expected class, for files that have it"
    )


class TokenPrice(_Part):
    """USD per million tokens."""

    input: float = Field(ge=0)
    output: float = Field(ge=0)


class Model(_Part):
    """The model that answers, when inference runs on Bedrock."""

    id: Text = Field(description="a model id, or an inference profile's id or ARN")
    max_tokens: int = Field(default=200, ge=1, le=64_000, description="the longest answer, in tokens")
    temperature: float = Field(default=0.0, ge=0, le=1)
    invocation: Literal["InvokeModel", "Converse"] = "InvokeModel"
    family: Literal["claude", "nova", "llama", "mistral"] | None = Field(
        default=None, description="only needed where the id does not tell it, as with an application inference profile"
    )
    price: TokenPrice | None = Field(
        default=None, description="batch price in USD per million tokens; else the price table"
    )


class Prompt(_Part):
    """A classification task: categories, instructions, input mapping, model and budget."""

    name: str = Field(exclude=True)
    description: Name
    input: InputColumns
    categories: tuple[Category, ...] = Field(min_length=2)
    fallback: Name
    instructions: Text
    answer: Literal["tags", "json"] = "tags"
    rationale: bool = Field(
        default=True, description="ask for a reason; without it the output tokens, and the bill, shrink"
    )
    model: Model
    batch_size: int = Field(default=50_000, ge=100, le=50_000, description="texts per job")
    results: tuple[Literal["csv", "json", "xlsx"], ...] = Field(default=("csv",), min_length=1)
    budget_usd: float = Field(gt=0, description="what one request file may cost at most")
    on_demand: Literal["auto", "never"] = Field(
        default="auto", description="whether few texts may be answered on demand"
    )
    max_attempts: int = Field(default=3, ge=1, le=10, description="how often a text is sent before it ends as failed")
    max_invalid_share: float = Field(default=0.05, ge=0, le=1, description="share of invalid classes that blocks")
    rerun_older_versions: bool = Field(
        default=False, description="classify again nightly what an older version answered"
    )

    @model_validator(mode="after")
    def _names_are_distinct(self) -> "Prompt":
        seen: dict[str, str] = {}
        for category in self.categories:
            folded = "".join(unicodedata.normalize("NFKC", category.name).casefold().split())
            if folded in seen:
                twice = seen[folded] == category.name
                difference = "stands there twice" if twice else "differ only in case or spacing"
                raise ValueError(
                    f"categories: {category.name!r} {difference}"
                    if twice
                    else f"categories: {seen[folded]!r} and {category.name!r} {difference}; rename or remove one"
                )
            seen[folded] = category.name
        if self.fallback not in self.class_names:
            raise ValueError(
                f"fallback: {self.fallback!r} is not one of the categories; add it there or name one that is"
            )
        columns = [column.casefold() for column in (self.input.text, self.input.id, self.input.label) if column]
        if len(set(columns)) < len(columns):
            raise ValueError("input: text, id and label must be different columns")
        return self

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The allowed set, in the file's order."""
        return tuple(category.name for category in self.categories)

    @cached_property
    def system(self) -> str:
        """The rendered instructions: the system prompt that goes with every text."""
        environment = jinja2.sandbox.SandboxedEnvironment(
            undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        template = environment.from_string(self.instructions)
        return template.render(
            categories=[category.model_dump() for category in self.categories],
            fallback=self.fallback,
            answer=self.answer,
            rationale=self.rationale,
        ).strip()

    @cached_property
    def version(self) -> str:
        """12 hex digits that change with whatever can change an answer, and with nothing else (comments, budget, layout)."""
        content = self.model_dump(
            include={"categories", "fallback", "instructions", "answer", "rationale", "model"},
            exclude={"model": {"price"}},
        )
        canonical = orjson.dumps([REQUEST_FORM, content], option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(canonical).hexdigest()[:12]


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
            if str(error).startswith((f"{name}.yaml", f"{name}.yml")) or f"/{name}.y" in str(error):
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
                raise PromptError(
                    f"{path}: there is another file for the prompt {prompt.name!r}; remove one of the two."
                )
            prompts[prompt.name] = prompt
        except PromptError as error:
            errors.append(error)
    return PromptFolder(prompts, tuple(errors))


def load_prompt(path: Path) -> Prompt:
    """Read and check one prompt file; raises PromptError with one sentence that names file, key and fault."""
    if not PROMPT_NAME.fullmatch(path.stem):
        raise PromptError(
            f"{path}: a prompt's file name must be lower-case letters, digits and underscores, at most 30, starting with a letter."
        )
    if path.stem in _taken_names():
        raise PromptError(f"{path}: {path.stem} means something else in SQL and cannot name a schema; rename the file.")
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=_UniqueKeysLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"{path}: cannot be read as UTF-8 text ({error}).") from error
    except yaml.YAMLError as error:
        raise PromptError(f"{path}: is not valid YAML: {_yaml_fault(error)}.") from error
    if not isinstance(content, dict):
        raise PromptError(f"{path}: must be a YAML mapping with the keys description, input, categories and so on.")
    if "name" in content:
        raise PromptError(f"{path}: name: is not a key here; the file's name is the prompt's name.")
    try:
        prompt = Prompt(name=path.stem, **content)
    except ValidationError as error:
        raise PromptError(f"{path}: {_validation_faults(error)}.") from error
    except TypeError as error:
        raise PromptError(f"{path}: its keys must be plain text ({error}).") from error
    try:
        rendered = prompt.system
    except (jinja2.TemplateError, TypeError, ValueError, ArithmeticError, AttributeError, LookupError) as error:
        raise PromptError(f"{path}: instructions: the template does not render: {str(error).rstrip('.')}.") from error
    missing = [name for name in prompt.class_names if name not in rendered]
    if missing:
        raise PromptError(
            f"{path}: instructions: the rendered text does not name the category {missing[0]!r}; loop over `categories`."
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


class _UniqueKeysLoader(yaml.SafeLoader):
    """YAML's own rule that keys are unique, which PyYAML does not enforce."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands there twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def _yaml_fault(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    return f"line {mark.line + 1}: {problem}" if mark else str(problem)


def _validation_faults(error: ValidationError) -> str:
    return "; ".join(_faults(error))


def _faults(error: ValidationError) -> Iterable[str]:
    known = ", ".join(name for name in Prompt.model_fields if name != "name")
    places = [fault["loc"] for fault in error.errors()]
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        is_told_already = any(place[: len(fault["loc"])] == fault["loc"] != place for place in places)
        # Pydantic counts only the entries that are right.
        if fault["type"] == "too_short" and is_told_already:
            continue
        if fault["type"] == "extra_forbidden":
            yield f"{key}: is not a key of a prompt file" + (
                f" (the keys are {known})" if len(fault["loc"]) == 1 else ""
            )
        elif fault["type"] == "missing":
            yield f"{key}: is missing"
        elif fault["type"] == "string_type":
            yield f"{key}: must be text; put {fault['input']!r} in quotes"
        elif fault["type"] == "tuple_type":
            yield f"{key}: must be a list"
        elif fault["type"] in ("model_type", "dict_type"):
            yield f"{key}: must be a mapping of keys to values"
        elif fault["type"] == "string_too_short":
            yield f"{key}: is empty"
        elif fault["type"] == "too_short":
            yield (
                f"{key}: is empty"
                if not fault["input"]
                else f"{key}: needs at least {fault['ctx'].get('min_length', 1)} entries"
            )
        else:
            message = fault["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            yield f"{key}: {message[0].lower()}{message[1:]}" if key else message
