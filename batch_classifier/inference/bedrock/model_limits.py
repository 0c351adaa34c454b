"""What models read and write at once, as far as it bounds how many texts a record may hold.

Figures from the models' pages in the Amazon Bedrock user guide and the providers' own; a request for more output than a model
can give is refused, record by record. A model that is not known is taken for a small one.
"""

from typing import NamedTuple

from batch_classifier.inference.interface import RecordRoom
from batch_classifier.inference.questions import answer_limit
from batch_classifier.prompts.prompt import Model, Prompt


class _ModelLimits(NamedTuple):
    """The most tokens of an answer, and the most bytes of texts that leave room for instructions and answer."""

    output_tokens: int
    text_bytes: int = 64_000


# By a part of the model id, the first that is found.
_LIMITS = {
    "claude-3-5": _ModelLimits(8_192),
    "claude-3-7": _ModelLimits(64_000),
    "claude-3": _ModelLimits(4_096),
    "claude": _ModelLimits(8_192),
    "nova": _ModelLimits(5_000),
    "llama3-8b": _ModelLimits(2_048, 12_000),
    "llama3-70b": _ModelLimits(2_048, 12_000),
    "llama": _ModelLimits(2_048),
    "mistral-7b": _ModelLimits(8_192),
    "mixtral": _ModelLimits(4_096),
    "mistral": _ModelLimits(8_192),
}
_UNKNOWN = _ModelLimits(2_048, 12_000)


def record_room(prompt: Prompt) -> RecordRoom:
    """How much may be put to a prompt's model at once; one text always may."""
    limits = _limits_of(prompt.model)
    # What two texts take beyond one is what each further one takes.
    each = answer_limit(prompt, 2) // 2
    return RecordRoom(max(1, min(prompt.texts_per_record, limits.output_tokens // each)), limits.text_bytes)


def _limits_of(model: Model) -> _ModelLimits:
    names = (model.id, model.family or "")
    return next((limits for name in names for part, limits in _LIMITS.items() if part in name), _UNKNOWN)
