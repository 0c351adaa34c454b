"""An inference service whose answers a test chooses."""

import datetime
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from batch_classifier.inference.bedrock.messages import failure_by
from batch_classifier.inference.bedrock.model_requests import model_input
from batch_classifier.inference.interface import Failure, Inference, Job, JobLimits, JobRequest, JobState
from batch_classifier.inference.prices import Price
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.local_folder import LocalFolder

# The model's words, a record's other fields, a line as it is, several of these, or no line at all.
Reply = str | Mapping[str, Any] | bytes | list | None


def by_keyword(text: str) -> str:
    """What a model that does as it is told would answer."""
    name = "Billing" if "charge" in text else "Travel" if "flight" in text else "Other"
    return f"<class>{name}</class><rationale>It says so.</rationale>"


def said(words: str, input_tokens: int = 100, output_tokens: int = 10, stop_reason: str = "end_turn") -> dict[str, Any]:
    """The fields of a record that a model has answered with these words."""
    usage = {"input_tokens": input_tokens, "output_tokens": output_tokens}
    return {"modelOutput": {"content": [{"type": "text", "text": words}], "stop_reason": stop_reason, "usage": usage}}


class ScriptedInference(Inference):
    """Does its jobs at once, as `reply` says, in files of Bedrock's form.

    Attributes:
        jobs: its jobs by name; those a person left waiting are done when `waits` is false again.
        submitted: every request, in order.
        asked: every text that it was sent, in order.
        turned: whether answers come in the reverse order.
        failure: the message with which jobs fail, in Bedrock's words, or None.
        pack: makes one reply of those to a record's several texts, each with the id that its text goes by in it.
    """

    kind = "scripted"
    poll_seconds = 0.01
    limits = JobLimits(minimum_records=1, maximum_records=50_000, maximum_bytes=1_000_000_000)

    def __init__(self, home: Path, reply: Callable[[str], Reply] = by_keyword, price: Price | None = None) -> None:
        self.internal = LocalFolder(home / "internal")
        self.reply = reply
        self.usd = price or Price(0.0, 0.0)
        self.model = "scripted-1"
        self.jobs: dict[str, Job] = {}
        self.submitted: list[JobRequest] = []
        self.asked: list[str] = []
        self.waits = False
        self.turned = False
        self.failure: str | None = None
        self.pack: Callable[[list[tuple[str, str]]], Reply] = packed

    def model_input(self, prompt: Prompt, user: str, texts: int = 1) -> dict[str, Any]:
        return model_input(prompt, user, texts)

    def failure_by(self, message: str) -> Failure:
        return failure_by(message)

    def model_id(self, prompt: Prompt) -> str:
        return self.model

    def price(self, prompt: Prompt, records: int) -> Price | None:
        return self.usd

    def free_places(self, prompt: Prompt) -> int:
        return 20

    def submit(self, request: JobRequest) -> Job:
        if request.name in self.jobs and self.jobs[request.name].state is not JobState.IN_PROGRESS:
            return self.jobs[request.name]
        if request.name not in self.jobs:
            self.submitted.append(request)
        now = datetime.datetime.now(datetime.UTC)
        job = Job(request.name, f"scripted:{request.name}", JobState.IN_PROGRESS, now, total=request.records)
        if not self.waits:
            state, message = (JobState.FAILED, self.failure) if self.failure else (JobState.COMPLETED, "")
            if not self.failure:
                self._answer(request)
            job = Job(request.name, job.arn, state, now, now, request.records, request.records, message=message)
        self.jobs[request.name] = job
        return job

    def take_up(self, request: JobRequest, job: Job) -> Job:
        return self.submit(request)

    def find(self, name: str) -> Job | None:
        return self.jobs.get(name)

    def look_up(self, arn: str) -> Job:
        return self.jobs[arn.removeprefix("scripted:")]

    def list_jobs(self) -> Iterator[Job]:
        return reversed(list(self.jobs.values()))

    def stop(self, arn: str) -> None: ...

    def console_url(self, arn: str) -> str | None:
        return None

    def _answer(self, request: JobRequest) -> None:
        with self.internal.read(request.input_key) as file:
            records = [json.loads(line) for line in file]
        lines: list[bytes] = []
        for record in records:
            texts = texts_of(record)
            self.asked += [text for _, text in texts]
            replies = [(one, self.reply(text)) for one, text in texts]
            reply = replies[0][1] if texts[0][0] is None else self.pack(replies)  # type: ignore[arg-type]
            lines += [_line(record, one) for one in (reply if isinstance(reply, list) else [reply]) if one is not None]
        name = request.input_key.rsplit("/", 1)[-1]
        ordered = lines[::-1] if self.turned else lines
        self.internal.write_bytes(f"{request.output_key}/{request.name}/{name}.out", b"".join(ordered))
        counts = {"totalRecordCount": len(records), "processedRecordCount": len(records)}
        self.internal.write_bytes(f"{request.output_key}/{request.name}/manifest.json.out", orjson.dumps(counts))


def _line(record: Mapping[str, Any], reply: Reply) -> bytes:
    if isinstance(reply, bytes):
        return reply + b"\n"
    fields = said(reply) if isinstance(reply, str) else dict(reply or {})
    return json.dumps({**record, **fields}).encode() + b"\n"


def packed(replies: list[tuple[str, str]]) -> str:
    """One answer to several texts, as it is asked for."""
    return "\n".join(f'<answer id="{one}">{words}</answer>' for one, words in replies)


def texts_of(record: Mapping[str, Any]) -> list[tuple[str | None, str]]:
    """The texts that a record of a Claude model asks about, as they are put to the model, with their ids where it has several."""
    (message,) = record["modelInput"]["messages"]
    words = message["content"][0]["text"]
    several = re.findall(r'<text id="(\w+)">\n(.*?)\n</text>\n', words, re.DOTALL)
    found = re.match(r"<text>\n(.*)\n</text>", words, re.DOTALL)
    assert several or found, message
    return several if found is None else [(None, found[1])]


def text_of(record: Mapping[str, Any]) -> str:
    """The text that a record of a Claude model asks about, where it asks about one."""
    ((_, text),) = texts_of(record)
    return text
