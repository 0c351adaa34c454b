"""One record in, one answer out: the same for a line of a batch and for a call on demand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batch_classifier_tests.emulators.faults import (
    CutAnswer,
    EmptyAnswer,
    Fault,
    Faults,
    MalformedLine,
    MissingRecord,
    RecordError,
    RenamedRecord,
    SeenRecord,
)
from batch_classifier_tests.emulators.limits import Durations, Limits
from batch_classifier_tests.emulators.model_answers import CHARACTERS_PER_TOKEN, ModelAnswer, count_tokens, write_answer
from batch_classifier_tests.emulators.model_catalog import EmulatedModel, ModelCatalog
from batch_classifier_tests.emulators.model_requests import ModelRequest, RecordRefused, read_request
from batch_classifier_tests.emulators.responders import NamedCategoryAnswers, Responder


@dataclass
class Behaviour:
    """All that a test can set; every part of the emulator looks here each time, so changes count at once."""

    limits: Limits = field(default_factory=Limits)
    durations: Durations = field(default_factory=Durations)
    faults: Faults = field(default_factory=Faults)
    models: ModelCatalog = field(default_factory=ModelCatalog)
    responder: Responder = field(default_factory=NamedCategoryAnswers)
    seed: int = 0


@dataclass(frozen=True)
class Answered:
    """A record that was answered: its `modelOutput`, what it used, and the fault that its line may still have."""

    output: dict[str, Any]
    input_tokens: int
    output_tokens: int
    fault: Fault | None

    @property
    def is_delivered(self) -> bool:
        """Whether the caller can find this answer under the record's id."""
        return not isinstance(self.fault, MalformedLine | MissingRecord | RenamedRecord)


def read_text(model: EmulatedModel, invocation_type: str, model_input: Any) -> str:
    """The user's text in a request; an unreadable request has none."""
    try:
        return read_request(model, invocation_type, model_input).text
    except RecordRefused:
        return ""


def answer_record(
    behaviour: Behaviour, model: EmulatedModel, invocation_type: str, model_input: Mapping[str, Any], seen: SeenRecord
) -> Answered:
    """Answer one record; raises RecordRefused when it is not a request for this model, or when a fault says so."""
    request = read_request(model, invocation_type, model_input)
    fault = behaviour.faults.find_record_fault(seen)
    if isinstance(fault, RecordError):
        raise RecordRefused(fault.message, fault.code, fault.is_expired)
    said = _say(behaviour.responder, request, model_input)
    if isinstance(said, Fault):
        fault = said
        if isinstance(fault, RecordError):
            raise RecordRefused(fault.message, fault.code, fault.is_expired)
        said = _say(NamedCategoryAnswers(), request, model_input)
        assert isinstance(said, str)
    answer = _finish_answer(request, said, fault)
    return Answered(
        output=write_answer(model, invocation_type, model_input, answer),
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        fault=fault,
    )


def _say(responder: Responder, request: ModelRequest, model_input: Mapping[str, Any]) -> str | Fault:
    """What is said of the text, or of several each under its id; a fault at one of them is the whole record's."""
    if not request.several:
        return responder(request.system, request.text, model_input)
    said: dict[str, str] = {}
    for one, text in request.several.items():
        words = responder(request.system, text, model_input)
        if isinstance(words, Fault):
            return words
        said[one] = words
    if request.schema is not None:
        return json.dumps({"answers": [{**json.loads(words), "id": one} for one, words in said.items()]})
    return "\n".join(f'<answer id="{one}">{words}</answer>' for one, words in said.items())


def _finish_answer(request: ModelRequest, words: str, fault: Fault | None) -> ModelAnswer:
    is_cut = False
    has_block = True
    if isinstance(fault, EmptyAnswer):
        words, has_block = "", fault.has_block
    elif isinstance(fault, CutAnswer):
        words, is_cut = words[: fault.characters], True
    elif request.max_tokens is not None and count_tokens(words) > request.max_tokens:
        # A request that leaves too little room gets what a model gives then: the beginning.
        words, is_cut = words[: request.max_tokens * CHARACTERS_PER_TOKEN], True
    return ModelAnswer(
        text=words,
        is_cut=is_cut,
        input_tokens=count_tokens(request.system, request.text),
        output_tokens=count_tokens(words),
        has_block=has_block,
    )
