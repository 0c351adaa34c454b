"""The four operations on batch inference jobs, put into moto's Bedrock, which has none of its own.

moto routes every operation that botocore's service model has, so each needs only a method on the response class.
"""

import socket
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from moto.bedrock.responses import BedrockResponse
from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from batch_classifier_tests.emulators.answering import Behaviour
from batch_classifier_tests.emulators.calls import Calls
from batch_classifier_tests.emulators.job_store import JobStore, quota_exceeded
from batch_classifier_tests.emulators.service_errors import BedrockError, ExpiredToken
from batch_classifier_tests.emulators.shape_constraints import require_valid

THROTTLED = "Too many requests, please wait before trying again."


def refuse_expired_token(behaviour: Behaviour, calls: Calls) -> None:
    """Raise what a caller meets whose session ended; the call at hand has been counted."""
    allowed = behaviour.faults.expired_token_after_calls
    if allowed is not None and calls.total > allowed:
        raise ExpiredToken


def read_parameters(response: BaseResponse) -> dict[str, Any]:
    """The parsed parameters of a request, for response classes that parse by themselves and for those that don't."""
    if not response.automated_parameter_parsing:
        response.parse_parameters(response.normalized_request)
    return dict(response.params)


class BedrockApi:
    """Answers the operations; one call at a time, because they share the jobs."""

    def __init__(self, behaviour: Behaviour, calls: Calls, store: JobStore, lock: threading.RLock) -> None:
        self._behaviour = behaviour
        self._calls = calls
        self._store = store
        self._lock = lock

    def install(self) -> None:
        """Give moto's response class the four methods."""
        for name, answer in self._operations().items():
            setattr(BedrockResponse, name, self._make_method(answer))

    def uninstall(self) -> None:
        """Take them away again."""
        for name in self._operations():
            delattr(BedrockResponse, name)

    def _operations(self) -> dict[str, Callable[[BaseResponse], ActionResult]]:
        return {
            "create_model_invocation_job": self._create,
            "get_model_invocation_job": self._get,
            "list_model_invocation_jobs": self._list,
            "stop_model_invocation_job": self._stop,
        }

    def _make_method(self, answer: Callable[[BaseResponse], ActionResult]) -> Callable[[BaseResponse], ActionResult]:
        def method(response: BaseResponse) -> ActionResult:
            with self._lock:
                return answer(response)

        return method

    def _create(self, response: BaseResponse) -> ActionResult:
        faults = self._behaviour.faults
        self._calls.creates += 1
        refuse_expired_token(self._behaviour, self._calls)
        is_nth = faults.throttle_every is not None and self._calls.creates % faults.throttle_every == 0
        if is_nth or faults.use_up("throttled_creates"):
            raise BedrockError("ThrottlingException", THROTTLED)
        request = read_parameters(response)
        require_valid("bedrock", "CreateModelInvocationJob", request)
        if faults.use_up("quota_refusals"):
            raise quota_exceeded()
        job, is_new = self._store.create(request, response.region)
        if is_new:
            self._calls.creates_accepted += 1
            self._lose_answer(response)
        else:
            self._calls.creates_repeated += 1
        return ActionResult({"jobArn": job.arn})

    def _lose_answer(self, response: BaseResponse) -> None:
        # The job is there, but the caller is not told so: boto3 then tries again.
        faults = self._behaviour.faults
        if faults.use_up("server_errors_after_creation"):
            raise BedrockError("InternalServerException", "An internal server error occurred. Try again.")
        if faults.use_up("dropped_connections_after_creation"):
            drop_connection(response)

    def _get(self, response: BaseResponse) -> ActionResult:
        self._calls.gets += 1
        self._refuse_read()
        parameters = read_parameters(response)
        job = self._store.find(parameters["jobIdentifier"], response.region)
        return ActionResult(self._store.poll(job).describe(self._behaviour.faults))

    def _list(self, response: BaseResponse) -> ActionResult:
        self._calls.lists += 1
        self._refuse_read()
        parameters = read_parameters(response)
        require_valid("bedrock", "ListModelInvocationJobs", parameters)
        jobs, next_token = self._store.search(parameters, response.region)
        unlisted = self._behaviour.faults.unlisted_fields
        summaries = [
            {name: value for name, value in job.describe(self._behaviour.faults).items() if name not in unlisted}
            for job in jobs
        ]
        page: dict[str, Any] = {"invocationJobSummaries": summaries}
        return ActionResult(page | ({"nextToken": next_token} if next_token else {}))

    def _stop(self, response: BaseResponse) -> ActionResult:
        self._calls.stops += 1
        refuse_expired_token(self._behaviour, self._calls)
        self._store.stop(self._store.find(read_parameters(response)["jobIdentifier"], response.region))
        return EmptyResult()

    def _refuse_read(self) -> None:
        refuse_expired_token(self._behaviour, self._calls)
        if self._behaviour.faults.use_up("throttled_reads"):
            raise BedrockError("ThrottlingException", THROTTLED)


def drop_connection(response: BaseResponse) -> NoReturn:
    """End the caller's connection without an answer."""
    connection: socket.socket = response.normalized_request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    # The server takes this for a client that went away, and stays silent.
    raise ConnectionResetError
