"""What is compared: each prompt with each model on each engine, the first of them with all others."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from batch_classifier.errors import ClassifierError
from batch_classifier.prompts.prompt import Prompt

# Where neither the prompt nor the command names the column of the labels.
LABEL_COLUMN = "expected_class"


@dataclass(frozen=True)
class Variant:
    """A prompt, with the model in it, on an engine. `title` says what tells it from the other variants."""

    title: str
    prompt: Prompt
    engine: str


def variants_of(
    prompts: Sequence[tuple[str, Prompt]], models: Sequence[str], engines: Sequence[str], label_column: str | None
) -> list[Variant]:
    """All that is to be compared, in order.

    Args:
        prompts: each with the name that it was given by; the first is the one that the others are compared with.
        models: model ids that take the place of the prompts' own; none keeps those.
        engines: `local`, `bedrock`.
        label_column: the column of the labels; by default each prompt's own.

    Raises ClassifierError where two variants are the same question to the same model.
    """
    variants: dict[tuple[str, str, str], Variant] = {}
    for name, prompt in prompts:
        for model in models or [prompt.model.id]:
            for engine in engines:
                asked = changed(prompt, model if models else None, label_column)
                title = _title(name, model, engine, len(prompts), len(models), len(engines))
                key = (asked.name, asked.version, engine)
                if key in variants:
                    raise ClassifierError(
                        f"{title} and {variants[key].title} ask the same question of the same model; name each once."
                    )
                variants[key] = Variant(title, asked, engine)
    return list(variants.values())


def label_column_of(prompt: Prompt) -> str:
    """The column that holds a prompt's labels."""
    return prompt.input.label or LABEL_COLUMN


def changed(prompt: Prompt, model: str | None, label_column: str | None) -> Prompt:
    """The prompt with another model and a column of labels; what was known of the old one's price and family is dropped."""
    own = {field: getattr(prompt, field) for field in Prompt.model_fields}
    if model is not None and model != prompt.model.id:
        own["model"] = prompt.model.model_copy(update={"id": model, "price": None, "family": None})
    own["input"] = prompt.input.model_copy(update={"label": label_column or label_column_of(prompt)})
    # What is measured is the model.
    own["cascade"] = None
    try:
        made = Prompt(**own)
    except ValidationError as error:
        column = own["input"].label
        raise ClassifierError(
            f"The labels of the prompt {prompt.name} cannot be in its column {column!r}, which holds texts or ids; name another "
            "with --label-column."
        ) from error
    # Rendered within bounds when the file was loaded; nothing of that has changed.
    vars(made)["system"] = prompt.system
    return made


def _title(name: str, model: str, engine: str, prompts: int, models: int, engines: int) -> str:
    """The prompt's name, and what else differs."""
    parts = [name] if prompts > 1 or max(models, engines) <= 1 else []
    parts += [model] if models > 1 else []
    parts += [engine] if engines > 1 else []
    return ", ".join(parts)
