"""boto3 clients that are made at their first use, so that definitions load without a network or an account.

Region, credentials, profile and endpoints come from boto3's own variables.
"""

import os
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from batch_classifier.aws.refusals import told_plainly
from batch_classifier.errors import SettingError

if TYPE_CHECKING:
    import boto3

# Adaptive: botocore slows down by itself when AWS throttles.
RETRIES = {"mode": "adaptive", "max_attempts": 10}
# Whoever asks for batch jobs comes again by himself, so he need not be held for minutes.
FEW_RETRIES = {"mode": "adaptive", "max_attempts": 6}
# A person waits in front of the deployment's tools: an address that does not answer should be told of, not tried for minutes.
QUICK = {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "max_attempts": 3}}


class Clients:
    """Clients by service name, each made once.

    Args:
        session: a boto3 session; one from the environment when not given.
    """

    def __init__(self, session: "boto3.Session | None" = None) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}

    def of(self, service: str) -> Any:
        """The client of a service, as in `of("s3")`; raises ClassifierError where Region, profile or endpoint won't do."""
        from botocore.config import Config

        # A session's clients work in any thread, but making them does not.
        with self._lock:
            if service not in self._made:
                config = Config(**self._config(service))
                with told_plainly(f"call {service} on AWS"):
                    self._made[service] = _make(self.session, service, config)
            return self._made[service]

    @property
    def session(self) -> "boto3.Session":
        """The session that all clients share; raises ClassifierError where the AWS profile is not there."""
        with self._lock:
            if self._session is None:
                with told_plainly("sign in to AWS"):
                    self._session = new_session()
            return self._session

    @property
    def region(self) -> str | None:
        """The Region in use, or None."""
        region: str | None = self.session.region_name
        return region

    def _config(self, service: str) -> dict[str, Any]:
        """Arguments of botocore's Config."""
        return {}


class AwsClients(Clients):
    """The clients of the pipeline: patient, because nobody waits in front of a run."""

    @property
    def s3(self) -> Any:
        """Amazon S3."""
        return self.of("s3")

    @property
    def bedrock(self) -> Any:
        """Amazon Bedrock: batch jobs."""
        return self.of("bedrock")

    @property
    def bedrock_runtime(self) -> Any:
        """Amazon Bedrock: answers on demand."""
        return self.of("bedrock-runtime")

    @property
    def glue(self) -> Any:
        """The Glue Data Catalog."""
        return self.of("glue")

    @property
    def athena(self) -> Any:
        """Amazon Athena."""
        return self.of("athena")

    @property
    def sqs(self) -> Any:
        """Amazon SQS: the queue of S3's notices."""
        return self.of("sqs")

    @property
    def sns(self) -> Any:
        """Amazon SNS: the topic of alerts."""
        return self.of("sns")

    def _config(self, service: str) -> dict[str, Any]:
        return {"retries": FEW_RETRIES if service == "bedrock" else RETRIES}


class DeploymentClients(Clients):
    """The clients of the deployment's tools: quick to give up, for any service."""

    def _config(self, service: str) -> dict[str, Any]:
        return QUICK


def new_session() -> "boto3.Session":
    """A session of boto3's own variables. All share the models of the services, whose reading is most of making a client."""
    import boto3
    import botocore.session

    session = botocore.session.Session()
    session.register_component("data_loader", _service_models())
    # boto3 reads AWS_DEFAULT_REGION only; AWS_REGION is what AWS itself sets and its other tools read.
    return boto3.Session(botocore_session=session, region_name=os.environ.get("AWS_REGION") or None)


def _make(session: "boto3.Session", service: str, config: Any) -> Any:
    from botocore.exceptions import BotoCoreError

    try:
        return session.client(service, config=config)
    except ValueError as error:
        if isinstance(error, BotoCoreError):
            raise
        # Not in botocore's words, which repeat the address: it may hold a password.
        raise SettingError(
            f"The address of {service} cannot be called; correct AWS_ENDPOINT_URL, as in http://localhost:5555."
        ) from error


@cache
def _service_models() -> Any:
    import botocore.session

    return botocore.session.Session().get_component("data_loader")
