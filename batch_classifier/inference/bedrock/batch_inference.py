"""Inference on Amazon Bedrock: batch jobs, and answers on demand for what is too little for a job.

Operations and shapes are those of botocore's service model of `bedrock` (CreateModelInvocationJob and its fellows).
"""

import datetime
import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import THROTTLED, error_code, told_plainly, words_of
from batch_classifier.errors import InferenceError, SettingError
from batch_classifier.inference.bedrock.limits import LIMITS
from batch_classifier.inference.bedrock.messages import advice_on, failure_by
from batch_classifier.inference.bedrock.model_limits import record_room
from batch_classifier.inference.bedrock.model_requests import check_model, model_input
from batch_classifier.inference.bedrock.on_demand import OnDemandJobs
from batch_classifier.inference.interface import Failure, Inference, Job, JobRequest, JobState, NotNow, RecordRoom
from batch_classifier.inference.price_table import PriceTable
from batch_classifier.inference.prices import ModelPrice, Price
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.storage.s3_folder import require_s3

# The pattern of s3Uri in CreateModelInvocationJob; hive-style keys and spaces are refused by it.
_ADMITTED_URI = re.compile(r"s3://[a-z0-9][-.a-z0-9]{1,61}[a-z0-9](/[-!_*'().a-z0-9A-Z]+)*/?")
BUSY = THROTTLED | {"ServiceQuotaExceededException", "LimitExceededException"}
_NAME_IN_USE = re.compile(r"job name is (currently|already) in use", re.IGNORECASE)
_STATES = frozenset(JobState)
# A job is over at the latest after its timeout of at most 168 hours; older ones cannot be in flight.
_LISTED_DAYS = 8
_LISTING_SECONDS = 5.0


class BedrockInference(Inference):
    """Answers batches with models on Bedrock. The internal folder must be on S3; nothing is called before the first use.

    Args:
        internal: where batches are and answers go.
        role_arn: the service role of the jobs.
        max_jobs: jobs in flight for each model, the quota's default.
        on_demand_concurrency: calls at once for what is answered on demand.
        timeout_hours: when a job expires, 24 to 168.
        prices: what models cost.
    """

    kind = "bedrock"
    poll_seconds = 15.0
    limits = LIMITS

    def __init__(
        self,
        internal: Folder,
        role_arn: str | None,
        max_jobs: int = 20,
        on_demand_concurrency: int = 8,
        timeout_hours: int = 72,
        clients: AwsClients | None = None,
        poll_seconds: float = 15.0,
        prices: PriceTable | None = None,
    ) -> None:
        self.internal = internal
        self.prices = prices or PriceTable()
        self.role_arn = role_arn
        self.max_jobs = max_jobs
        self.timeout_hours = timeout_hours
        self.poll_seconds = poll_seconds
        self.clients = clients or AwsClients()
        self.on_demand_jobs = OnDemandJobs(internal, self.clients, on_demand_concurrency)
        self._listed: tuple[float, list[tuple[Job, str]]] = (float("-inf"), [])

    @classmethod
    def from_settings(cls, settings: Settings) -> "BedrockInference":
        """As the settings say."""
        return cls(
            open_folder(settings.internal_location, settings.kms_key_id, settings.file_access),
            settings.bedrock_role_arn,
            max_jobs=settings.bedrock_max_jobs,
            on_demand_concurrency=settings.on_demand_concurrency,
            timeout_hours=settings.bedrock_timeout_hours,
            poll_seconds=settings.bedrock_poll_seconds,
            prices=PriceTable.of(settings.prices, settings.home),
        )

    def model_input(self, prompt: Prompt, user: str, texts: int = 1) -> dict[str, Any]:
        """The shape of the model's family, or of Converse."""
        return model_input(prompt, user, texts)

    def record_room(self, prompt: Prompt) -> RecordRoom:
        """As much as the model reads and writes at once."""
        return record_room(prompt)

    def check_prompt(self, prompt: Prompt) -> None:
        """Whether the model is of a family that is known, and can answer in the form that is asked for."""
        check_model(prompt)

    def model_id(self, prompt: Prompt) -> str:
        """The prompt's own model."""
        check_model(prompt)
        return prompt.model.id

    def price(self, prompt: Prompt, records: int) -> Price | None:
        """The batch price, or that of what is answered on demand where they are too few for a job."""
        price = self.model_price(prompt)
        is_on_demand = records < self.minimum_records and prompt.on_demand == "auto"
        if price is None:
            return None
        return price.on_demand if is_on_demand else price.batch

    def model_price(self, prompt: Prompt) -> ModelPrice | None:
        """As the prompt or the price table says."""
        return self.prices.price_of(prompt.model)

    def price_is_unknown(self, prompt: Prompt) -> str:
        """In which table the model is missing."""
        return self.prices.unknown(prompt.model)

    def free_places(self, prompt: Prompt) -> int:
        """`max_jobs` less the jobs of the model that are in flight."""
        in_flight = [
            job for job, model in self._listing() if not job.state.is_over and _same_model(model, prompt.model.id)
        ]
        return max(0, self.max_jobs - len(in_flight))

    def submit(self, request: JobRequest) -> Job:
        """Create the job, or adopt the one that has its name or its token."""
        if request.on_demand:
            return self.on_demand_jobs.submit(request)
        from botocore.exceptions import ClientError

        arguments = self._create_arguments(request)
        with _told_now_or_later(f"create the Bedrock job {request.name}"):
            try:
                created = self.clients.bedrock.create_model_invocation_job(**arguments)
            except ClientError as error:
                return self._after_refusal(request, error)
        job = Job(
            name=request.name,
            arn=created["jobArn"],
            state=JobState.SUBMITTED,
            submitted_at=datetime.datetime.now(datetime.UTC),
            total=request.records,
        )
        # The next listing may be some seconds off, or not have it yet; its place is taken all the same.
        self._listed[1].insert(0, (job, request.prompt.model.id))
        return job

    def _after_refusal(self, request: JobRequest, error: Exception) -> Job:
        message = str(error)
        if error_code(error) in BUSY:
            self._listed = (float("-inf"), [])
            raise NotNow(f"Bedrock takes the job {request.name} later: {words_of(error)}.") from error
        if _NAME_IN_USE.search(message):
            adopted = self.find(request.name)
            if adopted is None:
                raise NotNow(f"The job {request.name} is there, but not listed yet.") from error
            return adopted
        if (advice := advice_on(message)) is not None:
            raise InferenceError(f"Bedrock refuses the job {request.name}: {words_of(error)}; {advice}.") from error
        raise error

    def _create_arguments(self, request: JobRequest) -> dict[str, Any]:
        folder = require_s3(self.internal, "Inference on Bedrock")
        input_uri, output_uri = folder.uri_of(request.input_key), folder.uri_of(request.output_key) + "/"
        if not _ADMITTED_URI.fullmatch(input_uri):
            raise SettingError(
                f"BATCH_CLASSIFIER_INTERNAL_URI is {folder.uri}: Bedrock admits only letters, digits and -!_*'(). in its path."
            )
        if not self.role_arn:
            raise SettingError("BATCH_CLASSIFIER_BEDROCK_ROLE_ARN is not set; Bedrock's jobs need a service role.")
        encryption = {"s3EncryptionKeyId": folder.kms_key_id} if folder.kms_key_id else {}
        return {
            "jobName": request.name,
            # Without a token of ours boto3 sends a random one, and a repeated call would be a second job.
            "clientRequestToken": hashlib.sha256(f"{request.name} {input_uri}".encode()).hexdigest(),
            "roleArn": self.role_arn,
            "modelId": request.prompt.model.id,
            "modelInvocationType": request.prompt.model.invocation,
            "inputDataConfig": {"s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": input_uri}},
            "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": output_uri, **encryption}},
            "timeoutDurationInHours": self.timeout_hours,
        }

    def take_up(self, request: JobRequest, found: Job) -> Job:
        """A job on demand is gone on with; a batch job goes on by itself."""
        return self.on_demand_jobs.submit(request) if self.on_demand_jobs.owns(found.arn) else found

    def does_itself(self, job: Job) -> bool:
        """What is answered on demand."""
        return self.on_demand_jobs.owns(job.arn)

    def failure_by(self, message: str) -> Failure:
        """What Bedrock's words mean."""
        return failure_by(message)

    def find(self, name: str) -> Job | None:
        """The newest job of that name, also one on demand, or None."""
        if (job := self.on_demand_jobs.find(name)) is not None:
            return job
        with _told_now_or_later(f"look for the Bedrock job {name}"):
            pages = self.clients.bedrock.get_paginator("list_model_invocation_jobs").paginate(
                nameContains=name, sortBy="CreationTime", sortOrder="Descending"
            )
            for page in pages:
                for summary in page["invocationJobSummaries"]:
                    if summary.get("jobName") == name:
                        job = _job(summary)
                        # A summary need not say why a job failed, and what to do next hangs on it.
                        return self.look_up(job.arn) if job.state is JobState.FAILED and not job.message else job
        return None

    def look_up(self, arn: str) -> Job:
        """How a job stands."""
        if self.on_demand_jobs.owns(arn):
            return self.on_demand_jobs.look_up(arn)
        with _told_now_or_later(f"look up the job {arn}"):
            job = _job(self.clients.bedrock.get_model_invocation_job(jobIdentifier=arn))
        # A place that came free counts at once, not only with the next listing.
        made_at, listed = self._listed
        self._listed = (made_at, [(job if one.arn == arn else one, model) for one, model in listed])
        return job

    def list_jobs(self) -> Iterator[Job]:
        """The batch jobs of the last days, newest first, in one listing."""
        return (job for job, _ in self._listing())

    def stop(self, arn: str) -> None:
        """Ask Bedrock to stop a batch job."""
        with _told_now_or_later(f"stop the job {arn}"):
            self.clients.bedrock.stop_model_invocation_job(jobIdentifier=arn)

    def console_url(self, arn: str) -> str | None:
        """The job's page in the AWS console."""
        found = re.fullmatch(r"arn:aws[^:]*:bedrock:([^:]+):\d*:model-invocation-job/(.+)", arn)
        if found is None:
            return None
        region = found[1]
        return f"https://{region}.console.aws.amazon.com/bedrock/home?region={region}#/batch-inference/{found[2]}"

    def _listing(self) -> list[tuple[Job, str]]:
        made_at, jobs = self._listed
        if time.monotonic() - made_at > _LISTING_SECONDS:
            since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=_LISTED_DAYS)
            with _told_now_or_later("list the jobs of Bedrock"):
                pages = self.clients.bedrock.get_paginator("list_model_invocation_jobs").paginate(
                    submitTimeAfter=since,
                    sortBy="CreationTime",
                    sortOrder="Descending",
                    PaginationConfig={"PageSize": 1_000},
                )
                jobs = [(_job(one), one.get("modelId", "")) for page in pages for one in page["invocationJobSummaries"]]
            self._listed = (time.monotonic(), jobs)
        return jobs


def _same_model(listed: str, asked: str) -> bool:
    """Whether a listed model is the prompt's; the listing may give an ARN where the prompt has an id."""
    return listed == asked or listed.rsplit("/", 1)[-1] == asked.rsplit("/", 1)[-1]


@contextmanager
def _told_now_or_later(doing: str) -> Iterator[None]:
    """Turn what boto3 raises into a ClassifierError, and what is over by waiting into NotNow."""
    from botocore.exceptions import ClientError

    with told_plainly(doing):
        try:
            yield
        except ClientError as error:
            if error_code(error) in BUSY:
                raise NotNow(f"Cannot {doing} just now: {words_of(error)}.") from error
            raise


def _job(summary: dict[str, Any]) -> Job:
    # Name and state are optional in botocore's model of what get and list answer.
    return Job(
        name=summary.get("jobName") or summary["jobArn"].rsplit("/", 1)[-1],
        arn=summary["jobArn"],
        state=_state(summary.get("status") or JobState.SUBMITTED),
        submitted_at=summary.get("submitTime"),
        ended_at=summary.get("endTime"),
        total=summary.get("totalRecordCount") or 0,
        processed=summary.get("processedRecordCount") or 0,
        succeeded=summary.get("successRecordCount") or 0,
        failed=summary.get("errorRecordCount") or 0,
        message=summary.get("message") or "",
    )


def _state(word: str) -> JobState:
    # A state that is not known here is taken for one on the way: nothing is sent again because of it.
    return JobState(word) if word in _STATES else JobState.IN_PROGRESS
