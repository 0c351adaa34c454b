"""What a model's `modelOutput` says, whichever family wrote it: the text, why it stopped, and the tokens.

One structure holds the fields of all families (Amazon Bedrock user guide, "Inference request parameters and response
fields"), so that a line is decoded once and the echo of its `modelInput` is skipped.
"""

import msgspec


class _Part(msgspec.Struct):
    text: str | None = None


class _Message(msgspec.Struct):
    content: list[_Part] | str | None = None


class _Output(msgspec.Struct):
    message: _Message | None = None


class _Choice(msgspec.Struct):
    message: _Message | None = None
    text: str | None = None
    stop_reason: str | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    inputTokens: int | None = None
    outputTokens: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class ModelOutput(msgspec.Struct):
    """The `modelOutput` of a record, of any family."""

    content: list[_Part] | None = None
    stop_reason: str | None = None
    output: _Output | None = None
    stopReason: str | None = None
    generation: str | None = None
    prompt_token_count: int | None = None
    generation_token_count: int | None = None
    outputs: list[_Choice] | None = None
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    confidence: float | None = None
    confidences: dict[str, float] | None = None
    notes: dict[str, str] | None = None

    def text(self) -> str:
        """The answer's words; empty when there are none."""
        if self.content is not None:
            return _joined(self.content)
        if self.output is not None and self.output.message is not None:
            return _joined(self.output.message.content)
        if self.generation is not None:
            return self.generation
        for choice in (*(self.choices or ()), *(self.outputs or ())):
            return choice.text or (_joined(choice.message.content) if choice.message else "")
        return ""

    def was_cut(self) -> bool:
        """Whether the answer ended because it reached max_tokens."""
        choices = (*(self.choices or ()), *(self.outputs or ()))
        reasons = {
            self.stop_reason,
            self.stopReason,
            *(c.stop_reason for c in choices),
            *(c.finish_reason for c in choices),
        }
        return not reasons.isdisjoint({"max_tokens", "length"})

    def tokens(self) -> tuple[int, int]:
        """Tokens read and written; 0 where the model does not tell."""
        usage = self.usage or _Usage()
        read = usage.input_tokens or usage.inputTokens or usage.prompt_tokens or self.prompt_token_count or 0
        written = (
            usage.output_tokens or usage.outputTokens or usage.completion_tokens or self.generation_token_count or 0
        )
        return read, written


class RecordError(msgspec.Struct):
    """The `error` of a record that failed; its code may be a number or a string."""

    errorCode: int | str | None = None
    errorMessage: str | None = None

    def sentence(self) -> str:
        """The service's words, fit for a table."""
        return f"{self.errorMessage or 'the service gave no reason'} (error code {self.errorCode})"


class RecordOut(msgspec.Struct):
    """One line of a `.jsonl.out` file, without the echo of its input."""

    recordId: str
    modelOutput: ModelOutput | None = None
    error: RecordError | None = None


decode_record = msgspec.json.Decoder(RecordOut).decode


def _joined(content: list[_Part] | str | None) -> str:
    if isinstance(content, str):
        return content
    if content is not None and len(content) == 1:
        return content[0].text or ""
    return "".join(part.text or "" for part in content or ())
