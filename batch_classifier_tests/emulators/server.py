"""The emulator as a whole: a moto server on loopback with S3, Glue, Athena, Bedrock batch jobs and on-demand calls.

Clients may be in other processes; what a test sets and counts is here, in the server's own process.

    with BedrockEmulator(limits=Limits(records_per_job_at_least=2)) as emulator:
        emulator.create_buckets("customer", "internal")
        emulator.faults.throttled_creates = 3
        run_the_product(environment=emulator.environment)
        assert emulator.calls.texts_asked_twice() == []
"""

import logging
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.server import ThreadedMotoServer
from werkzeug.serving import make_server

from batch_classifier.aws.clients import new_session
from batch_classifier_tests.emulators.answering import Behaviour
from batch_classifier_tests.emulators.athena import AthenaApi
from batch_classifier_tests.emulators.bedrock_api import BedrockApi
from batch_classifier_tests.emulators.bedrock_jobs import Job
from batch_classifier_tests.emulators.bedrock_runtime import BedrockRuntimeApi
from batch_classifier_tests.emulators.calls import Calls
from batch_classifier_tests.emulators.faults import Faults
from batch_classifier_tests.emulators.guard import Application, Guard
from batch_classifier_tests.emulators.job_store import JobStore
from batch_classifier_tests.emulators.limits import Durations, EmulatedClock, Limits
from batch_classifier_tests.emulators.model_catalog import ModelCatalog
from batch_classifier_tests.emulators.responders import NamedCategoryAnswers, Responder

LOOPBACK = "127.0.0.1"
ROLE_ARN = "arn:aws:iam::123456789012:role/batch-classifier-bedrock"
STATES_AT_MOST = 6
SECONDS_BETWEEN_LOOKS_FOR_STOP = 0.02


class QuickServer(ThreadedMotoServer):
    """moto's server, but it stops at once: moto's own takes half a second, which is most of a short test."""

    guards: Sequence[Guard] = ()

    def _server_entry(self) -> None:
        application: Application = DomainDispatcherApplication(create_backend_app)
        for guard in self.guards:
            application = guard.guard(application)
        self._server = make_server(
            self._ip_address, self._port, application, threaded=True, request_handler=MotoRequestHandler
        )
        self._server_ready_event.set()
        try:
            self._server.serve_forever(SECONDS_BETWEEN_LOOKS_FOR_STOP)
        finally:
            self._server.server_close()


class BedrockEmulator:
    """A context manager that serves; one at a time in a process, because moto keeps its state in the process.

    `faults`, `limits`, `durations`, `responder` and `athena.faults` may be changed while it serves. With
    `has_own_clock` time stands still until `advance` is called. `jobs_s3` and `queries_s3` are the S3 clients of the jobs
    and of Athena where files are somewhere else.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        durations: Durations | None = None,
        faults: Faults | None = None,
        responder: Responder | None = None,
        models: ModelCatalog | None = None,
        has_own_clock: bool = False,
        region: str = "us-east-1",
        port: int = 0,
        seed: int = 0,
        jobs_s3: Any = None,
        queries_s3: Any = None,
    ) -> None:
        self.behaviour = Behaviour(
            limits=limits or Limits(),
            durations=durations or Durations(),
            faults=faults or Faults(),
            models=models or ModelCatalog(),
            responder=responder or NamedCategoryAnswers(),
            seed=seed,
        )
        self.calls = Calls()
        self.clock = EmulatedClock(runs_by_itself=not has_own_clock)
        self.region = region
        self._lock = threading.RLock()
        self._server = QuickServer(LOOPBACK, port, verbose=False)
        self._store: JobStore | None = None
        self._apis: list[BedrockApi | BedrockRuntimeApi | AthenaApi] = []
        self._clients: dict[str, Any] = {}
        self._jobs_s3 = jobs_s3
        self.athena = AthenaApi(lambda: queries_s3 or self.client("s3"))

    def __enter__(self) -> Self:
        if not _SERVING.acquire(blocking=False):
            raise RuntimeError("another emulator serves in this process")
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        reset_moto()
        self._server.start()
        self._store = JobStore(self.behaviour, self.calls, self.clock, self._jobs_s3 or self.client("s3"))
        self._apis = [
            BedrockApi(self.behaviour, self.calls, self._store, self._lock),
            BedrockRuntimeApi(self.behaviour, self.calls, self._lock),
            self.athena,
        ]
        for api in self._apis:
            api.install()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._server.stop()
            for api in self._apis:
                api.uninstall()
            reset_moto()
        finally:
            _SERVING.release()

    def guard(self, guard: Guard) -> None:
        """Let something look at every call before it is answered; to be said before it serves."""
        self._server.guards = [*self._server.guards, guard]

    @property
    def endpoint_url(self) -> str:
        """Where it serves; the same for every service."""
        host, port = self._server.get_host_and_port()
        return f"http://{host}:{port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead boto3 here, in this process or in another."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "emulated",
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": f"{LOOPBACK},localhost",
        }

    @property
    def jobs(self) -> list[Job]:
        """Every job that was created, oldest first."""
        return [] if self._store is None else self._store.jobs

    @property
    def faults(self) -> Faults:
        """What goes wrong from now on."""
        return self.behaviour.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.behaviour.faults = faults

    @property
    def limits(self) -> Limits:
        """The account's quotas."""
        return self.behaviour.limits

    @property
    def durations(self) -> Durations:
        """How long jobs take."""
        return self.behaviour.durations

    @durations.setter
    def durations(self, durations: Durations) -> None:
        self.behaviour.durations = durations

    @property
    def responder(self) -> Responder:
        """Who answers."""
        return self.behaviour.responder

    @responder.setter
    def responder(self, responder: Responder) -> None:
        self.behaviour.responder = responder

    def client(self, service: str) -> Any:
        """A boto3 client of this server, whatever the environment says."""
        if service not in self._clients:
            self._clients[service] = new_session().client(
                service,
                region_name=self.region,
                endpoint_url=self.endpoint_url,
                aws_access_key_id="emulated",
                aws_secret_access_key="emulated",
                config=Config(proxies={}, max_pool_connections=20),
            )
        return self._clients[service]

    def create_buckets(self, *names: str) -> None:
        """Make empty buckets."""
        s3 = self.client("s3")
        for name in names:
            elsewhere = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            s3.create_bucket(Bucket=name, **({} if self.region == "us-east-1" else elsewhere))

    def advance(self, seconds: float | None = None) -> None:
        """Let time pass for the jobs; without seconds, every running job comes to its next state."""
        with self._lock:
            if self._store is None:
                raise RuntimeError("the emulator does not serve yet")
            if seconds is None:
                self._store.step()
            else:
                self.clock.advance(seconds)
                self._store.catch_up()

    def finish_jobs(self) -> None:
        """Let every running job come to its end."""
        for _ in range(STATES_AT_MOST):
            self.advance()


_SERVING = threading.Lock()


def reset_moto() -> None:
    """Forget every bucket, table and object that moto's services hold in this process."""
    BackendDict.reset()
    reset_model_data()
