"""How many tokens a model makes of bytes and writes for an answer: ratios that earlier jobs taught, else starting values."""

from dataclasses import dataclass

import orjson

from batch_classifier.inference.questions import (
    AFTER_ID,
    AFTER_TEXT,
    BEFORE_ID,
    question,
    question_of_several,
    system_prompt,
)
from batch_classifier.inference.record_form import RecordForm
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.record_texts import ID_LENGTH

# Bytes of UTF-8 in a token. Counted with the tokenizer of Llama 2 (32,000 tokens), which the package wordllama ships as
# tokenizers/l2_supercat_tokenizer_config.json: 3.9 and 4.2 in the instructions of the two shipped prompts, 4.0 in English
# questions (clinc/oos-eval and banking77, 2,000 texts each), 3.5 in German news (10kGNAD, 500 texts). The lowest is taken
# for the families whose tokenizer is of that size or not published, so that an estimate is rather too high. Llama 3 has four
# times as many; Meta's announcement of it (April 2024) speaks of up to 15 % fewer tokens for the same text.
_STARTING_BYTES_A_TOKEN = {"claude": 3.5, "nova": 3.5, "mistral": 3.5, "llama": 4.0}
_STARTING_BYTES_OF_OTHERS = 3.5
ID_BYTES = 32
STARTING = "starting values, for no job of this model has told its tokens yet: may be a third too high or too low"


@dataclass(frozen=True)
class TokenUse:
    """The ratios of one model at one prompt.

    Attributes:
        bytes_a_token: of what the model reads.
        tokens_an_answer: what it writes to one text.
        basis: where the ratios are from, and so how far they can be relied on.
        jobs: how many jobs taught them; 0 for starting values.
    """

    bytes_a_token: float
    tokens_an_answer: float
    basis: str = STARTING
    jobs: int = 0

    def read(self, content_bytes: float) -> int:
        """Tokens in so many bytes that the model reads."""
        return round(content_bytes / self.bytes_a_token)

    def written(self, texts: int) -> int:
        """Tokens of the answers to so many texts."""
        return round(texts * self.tokens_an_answer)


def starting_use(prompt: Prompt, answer_tokens: float) -> TokenUse:
    """What is taken before any job of the model has told its tokens; `answer_tokens` are those of a usual answer."""
    named = prompt.model.family or prompt.model.id
    known = (ratio for family, ratio in _STARTING_BYTES_A_TOKEN.items() if family in named)
    return TokenUse(next(known, _STARTING_BYTES_OF_OTHERS), answer_tokens)


def unread_bytes(form: RecordForm, prompt: Prompt) -> int:
    """Bytes of a line that the model does not read: its id, and the JSON around the instructions and the question."""
    read = len(orjson.dumps(system_prompt(prompt))) + len(orjson.dumps(question(""))) - 4
    return max(0, form.overhead + ID_BYTES - read)


def bytes_around(prompt: Prompt, texts: int, in_a_record: int = 1) -> int:
    """Bytes that the model reads with so many texts besides these: instructions, question and marks, so many texts a record."""
    records = -(-texts // in_a_record)
    # What is said to several texts is about the same whatever their number.
    said = question("") if in_a_record == 1 else question_of_several("", in_a_record)
    each = 0 if in_a_record == 1 else len(f"{BEFORE_ID}{AFTER_ID}{AFTER_TEXT}") + ID_LENGTH
    return records * len(f"{system_prompt(prompt, in_a_record)}{said}".encode()) + texts * each


def answer_form(prompt: Prompt) -> str:
    """What answers consist of, as far as their length depends on it."""
    reason = "with a reason" if prompt.rationale else "without a reason"
    words = "" if prompt.rationale_words is None else f" of {prompt.rationale_words} words"
    return f"{prompt.answer}, {reason}{words}{', with ids' if prompt.texts_per_record > 1 else ''}"
