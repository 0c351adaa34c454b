"""What each part of a question costs: the instructions, the categories in them, their examples, what stands around a text."""

from dataclasses import dataclass

from batch_classifier.inference.prices import answer_tokens
from batch_classifier.inference.token_use import TokenUse, bytes_around
from batch_classifier.prompts.bounded_rendering import BoundedRenderer, UnfitTemplate
from batch_classifier.prompts.prompt import Prompt

_MANY = 1_000_000


@dataclass(frozen=True)
class Part:
    """A part of what is read or written for one text, with its tokens a text."""

    name: str
    tokens: float
    is_written: bool = False


def question_parts(prompt: Prompt, use: TokenUse, text_bytes: float, in_a_record: int) -> list[Part]:
    """The parts of what a model reads and writes for a text of so many bytes, where so many texts share a record.

    What is rendered of the categories is told apart by rendering the instructions without them; a template that does not render so
    counts as instructions as a whole.
    """
    whole = len(prompt.system.encode())
    without_examples = _rendered_bytes(prompt, with_descriptions=True, whole=whole)
    bare = _rendered_bytes(prompt, with_descriptions=False, whole=without_examples)
    around = bytes_around(prompt, _MANY, in_a_record) / _MANY
    read = {
        "instructions": bare / in_a_record,
        "categories": (without_examples - bare) / in_a_record,
        "examples": (whole - without_examples) / in_a_record,
        "quotation and form": around - whole / in_a_record,
        "the text": text_bytes,
    }
    parts = [Part(name, size / use.bytes_a_token) for name, size in read.items()]
    return [*parts, Part("the answer", written_tokens(prompt, use, in_a_record), is_written=True)]


def written_tokens(prompt: Prompt, use: TokenUse, in_a_record: int) -> float:
    """Tokens of an answer to one text, where so many share a record: each then has an id."""
    more = answer_tokens(prompt, in_a_record) - answer_tokens(prompt, prompt.texts_per_record)
    return max(1.0, use.tokens_an_answer + more)


def _rendered_bytes(prompt: Prompt, with_descriptions: bool, whole: int) -> int:
    categories = [{**category.model_dump(), "examples": []} for category in prompt.categories]
    variables = {**prompt.variables, "categories": categories if with_descriptions else []}
    try:
        with BoundedRenderer() as renderer:
            return min(whole, len(renderer.render(prompt.instructions, variables).encode()))
    except UnfitTemplate:
        return whole
