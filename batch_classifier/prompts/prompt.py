"""Prompt files: one YAML file in `prompts/` is one classification task, and so one pipeline.

The schema below is the whole contract of such a file. Whatever is wrong with it is told in one sentence that names the
file, the key and what to do (`PromptError`), and never keeps the other prompts from loading.
"""

import unicodedata
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from batch_classifier.language.same_text import SameText
from batch_classifier.prompts.rendering import render
from batch_classifier.prompts.version import hash_of, version_of
from batch_classifier.redaction.kinds import KINDS, REDACTION_FORM, Kind

if TYPE_CHECKING:
    from batch_classifier.redaction.masker import Masker

# A job of fewer texts is refused by Amazon Bedrock.
SMALLEST_BATCH_SIZE = 100


def _one_line(value: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in value):
        raise ValueError("must stand on one line, without control characters")
    if "<" in value or ">" in value:
        raise ValueError("must not hold < or >, which mark the parts of an answer")
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]


def _no_bool(value: Any) -> Any:
    # Pydantic takes `true` for 1, and YAML takes `yes` and `on` for true.
    if isinstance(value, bool):
        raise ValueError(f"must be a number, and not {str(value).lower()}")
    return value


_YES_OR_NO = TypeAdapter(bool)
Number = Annotated[float, BeforeValidator(_no_bool)]
WholeNumber = Annotated[int, BeforeValidator(_no_bool)]


class _Part(BaseModel):
    # No number of a prompt means anything where it is not finite: no file is over a budget that is infinite.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


def _fit_pattern(value: str) -> str:
    # Its libraries take a tenth of a second to import, and most prompts mask nothing.
    from batch_classifier.redaction.own_patterns import OwnPattern

    OwnPattern(value)
    return value


def _known_country(value: str) -> str:
    from batch_classifier.redaction.phone_numbers import known_countries

    if value.upper() not in known_countries():
        raise ValueError("must be two letters of ISO 3166, such as DE")
    return value.upper()


Pattern = Annotated[str, StringConstraints(min_length=1), AfterValidator(_fit_pattern)]
# Without digits: a mask must not look like a number itself.
MaskName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
Country = Annotated[str, AfterValidator(_known_country)]


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
    date: Text | None = Field(
        default=None,
        description="the column that holds the day that the text is from; else the day of the answer counts",
    )
    date_order: Literal["day_first", "month_first"] | None = Field(
        default=None, description="what comes first in dates such as 3/4/2026"
    )
    ids: Literal["per_file", "global"] | None = Field(
        default=None,
        description="whether the same id in another file is another record, or the same one; else the ids say",
    )


class TokenPrice(_Part):
    """USD per million tokens."""

    input: Number = Field(ge=0)
    output: Number = Field(ge=0)


class Model(_Part):
    """The model that answers, when inference runs on Bedrock."""

    id: Text = Field(description="a model id, or an inference profile's id or ARN")
    max_tokens: WholeNumber = Field(default=200, ge=1, le=64_000, description="the longest answer, in tokens")
    temperature: Number = Field(default=0.0, ge=0, le=1)
    invocation: Literal["InvokeModel", "Converse"] = "InvokeModel"
    family: Literal["claude", "nova", "llama", "mistral"] | None = Field(
        default=None, description="only needed where the id does not tell it, as with an application inference profile"
    )
    price: TokenPrice | None = Field(
        default=None, description="batch price in USD per million tokens; else the price table"
    )


class Redaction(_Part):
    """What is masked in a text before it is sent."""

    kinds: tuple[Kind, ...] = Field(default=KINDS, description="what is found without a pattern")
    patterns: dict[MaskName, Pattern] = Field(
        default={}, description="regular expressions of RE2 by the name that stands in their mask"
    )
    countries: tuple[Country, ...] = Field(
        default=(), description="where telephone numbers without a country's code come from, as ISO 3166's two letters"
    )
    keep_originals: bool = Field(
        default=False, description="keep the texts as they were in the tables and result files, beside what was sent"
    )

    @model_validator(mode="after")
    def _masks_something(self) -> "Redaction":
        if not self.kinds and not self.patterns:
            raise ValueError("masks nothing; give kinds or patterns, or leave redact out")
        if taken := [name for name in self.patterns if name in KINDS]:
            raise ValueError(f"patterns: {taken[0]!r} is the name of a kind; give the pattern another")
        return self

    @cached_property
    def version(self) -> str:
        """12 hex digits that change with what is masked, and with nothing else."""
        return version_of({**self.model_dump(exclude={"keep_originals"}), "form": REDACTION_FORM})

    def masker(self) -> "Masker":
        """What masks as this says."""
        from batch_classifier.redaction.masker import Masker

        return Masker(self.kinds, self.patterns, self.countries)


class Fallback(_Part):
    """The category for what fits none, and how readily the local engine takes a text for that."""

    name: Name = Field(description="one of the categories")
    strictness: Literal["low", "normal", "high"] = Field(
        default="normal",
        description="how like the prompt's texts a text must be, for the local engine, not to end there",
    )


class Cascade(_Part):
    """A local model answers the texts of which it is sure, in the model's place; what that may change is a promise."""

    agreement: Number = Field(
        default=0.98, ge=0.5, lt=1, description="share of a file's answers that are those the model would have given"
    )
    confidence: Number = Field(default=0.95, ge=0.5, lt=1, description="how probable it is that this holds")
    sample: WholeNumber = Field(
        default=500,
        ge=100,
        le=3_000,
        description="texts of a large first file that the model answers before the others",
    )
    audit: Number = Field(
        default=0.05, ge=0.01, lt=1, description="share of each later file's texts that the model answers by chance"
    )


class LocalModelKeys(_Part):
    """What the prompt's own model is trained on, beside the examples."""

    learn_from: tuple[Literal["labels", "corrections", "answers"], ...] = Field(
        default=("labels", "corrections"),
        min_length=1,
        description="labels of request files, corrections, and the answers of the prompt's model",
    )


class ShortRationale(_Part):
    """A reason that is not to be longer than so many words."""

    words: WholeNumber = Field(ge=1, le=200, description="the most words of a reason")


def _as_rationale(value: Any) -> Any:
    if isinstance(value, dict | ShortRationale):
        return ShortRationale.model_validate(value)
    try:
        return _YES_OR_NO.validate_python(value)
    except ValidationError:
        raise ValueError("must be true, false or {words: N}") from None


def _as_fallback(value: Any) -> Any:
    return value if isinstance(value, dict | Fallback) else {"name": value}


class Prompt(_Part):
    """A classification task: categories, instructions, input mapping, model and budget."""

    name: str = Field(exclude=True)
    description: Name
    input: InputColumns
    categories: tuple[Category, ...] = Field(min_length=2)
    fallback: Annotated[Fallback, BeforeValidator(_as_fallback)]
    instructions: Text
    answer: Literal["tags", "json"] = "tags"
    rationale: Annotated[bool | ShortRationale, BeforeValidator(_as_rationale)] = Field(
        default=True,
        description="ask for a reason, of so many words at most; without it the output tokens, and the bill, shrink",
    )
    texts_per_record: WholeNumber = Field(
        default=1, ge=1, le=50, description="how many texts are put to the model at once, at most"
    )
    model: Model
    cascade: Cascade | None = Field(
        default=None, description="a local model answers the texts of which it is sure, in the model's place"
    )
    same_text: SameText = Field(
        default="exact",
        description="whether texts that differ only in white space, letter case or Unicode form are the same",
    )
    redact: Redaction | None = Field(default=None, description="what is masked in a text before it is sent")
    batch_size: WholeNumber = Field(default=50_000, ge=SMALLEST_BATCH_SIZE, le=50_000, description="texts per job")
    results: tuple[Literal["csv", "json", "xlsx"], ...] = Field(default=("csv",), min_length=1)
    budget_usd: Number = Field(gt=0, description="what one request file may cost at most")
    monthly_budget_usd: Number | None = Field(
        default=None, gt=0, description="what all its files may cost in a month (UTC) at most"
    )
    on_demand: Literal["auto", "never"] = Field(
        default="auto", description="whether few texts may be answered on demand"
    )
    max_attempts: WholeNumber = Field(
        default=3, ge=1, le=10, description="how often a text is sent before it ends as failed"
    )
    max_invalid_share: Number = Field(default=0.05, ge=0, le=1, description="share of invalid classes that blocks")
    rerun_older_versions: bool = Field(
        default=False, description="classify again nightly what an older version answered"
    )
    local_model: LocalModelKeys = Field(default=LocalModelKeys(), description="what the prompt's own model learns from")

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
        if self.fallback.name not in self.class_names:
            raise ValueError(
                f"fallback: {self.fallback.name!r} is not one of the categories; add it there or name one that is"
            )
        named = (self.input.text, self.input.id, self.input.label, self.input.date)
        columns = [column.casefold() for column in named if column]
        if len(set(columns)) < len(columns):
            raise ValueError("input: text, id, label and date must be different columns")
        return self

    @cached_property
    def class_names(self) -> tuple[str, ...]:
        """The allowed set, in the file's order."""
        return tuple(category.name for category in self.categories)

    @property
    def rationale_words(self) -> int | None:
        """The most words of a reason; None where none is asked for, or as many as the instructions say."""
        return self.rationale.words if isinstance(self.rationale, ShortRationale) else None

    @property
    def variables(self) -> dict[str, Any]:
        """What the instructions are rendered with."""
        return {
            "categories": [category.model_dump() for category in self.categories],
            "fallback": self.fallback.name,
            "answer": self.answer,
            "rationale": bool(self.rationale),
        }

    @cached_property
    def system(self) -> str:
        """The rendered instructions: the system prompt that goes with every text.

        A prompt that was loaded has them already, rendered within bounds.
        """
        return render(self.instructions, **self.variables)

    @cached_property
    def version(self) -> str:
        """12 hex digits that change with whatever can change an answer, and with nothing else (comments, budget, layout)."""
        content = self.model_dump(
            include={"categories", "fallback", "instructions", "answer", "rationale", "model"},
            exclude={"model": {"price"}},
        )
        if self.redact is not None:
            # What was sent before, or is still to be sent, holds what is to be masked now.
            content["redact"] = self.redact.version
        # What only the local engine goes by has a part in that engine's name: no model is to answer anew for it.
        content["fallback"] = self.fallback.name
        if self.texts_per_record > 1:
            content["texts_per_record"] = self.texts_per_record
        return version_of(content)

    @cached_property
    def content_hash(self) -> str:
        """12 hex digits that change with anything a process has to load anew for: all that the file says but its comments."""
        return hash_of(self.model_dump())
