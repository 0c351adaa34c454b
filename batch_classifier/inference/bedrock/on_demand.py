"""Answers on demand, for texts that are too few for a batch job: the same files in and out, by bedrock-runtime.

A job on demand is done by a thread of this process. It keeps a lease on S3, so that two processes do not both pay, and puts
each answer there as it comes, so that a kill costs at most the calls that were under way.
"""

import contextlib
import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any, BinaryIO

import msgspec
import orjson

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import EXPIRED, NOT_ALLOWED, UNKNOWN_CALLER, error_code, told_plainly, words_of
from batch_classifier.inference.bedrock.messages import advice_on
from batch_classifier.inference.bedrock.on_demand_notes import OnDemandNotes
from batch_classifier.inference.interface import Job, JobRequest
from batch_classifier.inference.process_jobs import ProcessJobs
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.internal_keys import answer_part_key
from batch_classifier.storage.s3_folder import require_s3

# The caller's own mistake or state: no answer of the model's, and no sense in going on to the next text.
_STOPS_ALL = NOT_ALLOWED | EXPIRED | UNKNOWN_CALLER


class OnDemandJobs:
    """The jobs on demand of one deployment; `concurrency` calls at once."""

    def __init__(self, internal: Folder, clients: AwsClients, concurrency: int) -> None:
        self.internal = internal
        self.clients = clients
        self.concurrency = concurrency
        self._jobs: ProcessJobs | None = None

    def _process_jobs(self) -> ProcessJobs:
        if self._jobs is None:
            notes = OnDemandNotes(require_s3(self.internal, "Inference on Bedrock"), self.clients)
            self._jobs = ProcessJobs("on-demand", notes, notes.held_lease, self._answer)
        return self._jobs

    def submit(self, request: JobRequest) -> Job:
        """Begin the job, or take it up."""
        return self._process_jobs().submit(request)

    def find(self, name: str) -> Job | None:
        """The job of that name, or None."""
        return self._process_jobs().find(name)

    def look_up(self, arn: str) -> Job:
        """How a job stands."""
        return self._process_jobs().look_up(arn)

    def owns(self, arn: str) -> bool:
        """Whether an ARN is one of a job on demand."""
        return arn.startswith("on-demand:")

    def _answer(self, request: JobRequest, job: Job, note: Callable[[Job], None]) -> Job:
        folder = f"{request.output_key}/{request.name}"
        name = request.input_key.rsplit("/", 1)[-1]
        with self.internal.spool() as path, path.open("wb") as out, self.internal.read(request.input_key) as file:
            answers = _AnswersSoFar(out)
            self._take_up(folder, answers)
            lines = (stripped for line in file if (stripped := line.rstrip(b"\r\n")))
            todo = (line for line in lines if _record_id(line) not in answers.is_success)

            def ask(line: bytes) -> None:
                record_id, answer = _record_id(line), self._answer_line(request.prompt, line)
                self.internal.write_bytes(answer_part_key(folder, record_id), answer)
                answers.add(record_id, answer)

            try:
                with ThreadPoolExecutor(self.concurrency) as pool:
                    running: set[Future[None]] = set()
                    # No more is handed out than is asked at once: what is left in the pool would outlive an interrupt.
                    while running := running | {
                        pool.submit(ask, line) for line in islice(todo, self.concurrency - len(running))
                    }:
                        finished, running = wait(running, return_when=FIRST_COMPLETED)
                        for done in finished:
                            done.result()
                        job = answers.counted(job)
                        note(job)
            finally:
                # Also after a failure: what was answered is paid for.
                out.flush()
                self.internal.publish(path, f"{folder}/{name}.out")
        return answers.counted(job)

    def _take_up(self, folder: str, answers: "_AnswersSoFar") -> None:
        """Take in what an earlier process got before it was killed."""
        keys = (file.key for file in self.internal.list(f"{folder}/parts/"))
        with ThreadPoolExecutor(self.concurrency) as pool:
            while some := list(islice(keys, self.concurrency)):
                for line in pool.map(self.internal.read_bytes, some):
                    if line:
                        answers.add(_record_id(line), line)

    def _answer_line(self, prompt: Prompt, line: bytes) -> bytes:
        """The record with the model's output, or with what is wrong with it; raises ClassifierError for all else."""
        from botocore.exceptions import ClientError

        record = orjson.loads(line)
        with told_plainly(f"ask {prompt.model.id} on Bedrock"):
            try:
                output = self._call(prompt, record["modelInput"])
            except ClientError as error:
                if error_code(error) in _STOPS_ALL or advice_on(str(error)) is not None:
                    raise
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
                return orjson.dumps({**record, "error": {"errorCode": status, "errorMessage": words_of(error)}})
        return orjson.dumps({**record, "modelOutput": output})

    def _call(self, prompt: Prompt, body: dict[str, Any]) -> Any:
        client = self.clients.bedrock_runtime
        if prompt.model.invocation == "Converse":
            response = client.converse(modelId=prompt.model.id, **body)
            return {name: response[name] for name in ("output", "stopReason", "usage") if name in response}
        response = client.invoke_model(
            modelId=prompt.model.id, body=orjson.dumps(body), contentType="application/json", accept="application/json"
        )
        content = response["body"].read()
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.json.decode(content)
        return {"text": content.decode(errors="replace")}


def _record_id(line: bytes) -> str:
    return str(orjson.loads(line)["recordId"])


class _AnswersSoFar:
    """The answers, in a file as they come: texts may be long, and their echo is part of each.

    Attributes:
        is_success: for each record that is answered, whether the model answered it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.is_success: dict[str, bool] = {}
        self._file = file
        self._turn = threading.Lock()

    def add(self, record_id: str, answer: bytes) -> None:
        """Add the answer to a record; from any thread."""
        with self._turn:
            self._file.write(answer + b"\n")
            self.is_success[record_id] = b'"modelOutput":' in answer

    def counted(self, job: Job) -> Job:
        """The job with the counts of what is answered."""
        with self._turn:
            answered, succeeded = len(self.is_success), sum(self.is_success.values())
        return dataclasses.replace(job, processed=answered, succeeded=succeeded, failed=answered - succeeded)
