"""boto3 clients that are made at their first use, so that definitions load without a network or an account."""

import os
import threading
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import boto3

# Adaptive: botocore slows down by itself when AWS throttles.
RETRIES = {"mode": "adaptive", "max_attempts": 10}
# Whoever asks for batch jobs comes again by himself, so he need not be held for minutes.
FEW_RETRIES = {"mode": "adaptive", "max_attempts": 6}


class AwsClients:
    """Clients of the AWS services; Region, credentials and endpoints come from boto3's own variables."""

    def __init__(self, session: "boto3.Session | None" = None) -> None:
        self._session = session
        self._lock = threading.Lock()

    @cached_property
    def s3(self) -> Any:
        """Amazon S3."""
        return self._make("s3")

    @cached_property
    def bedrock(self) -> Any:
        """Amazon Bedrock: batch jobs."""
        return self._make("bedrock", FEW_RETRIES)

    @cached_property
    def bedrock_runtime(self) -> Any:
        """Amazon Bedrock: answers on demand."""
        return self._make("bedrock-runtime")

    @cached_property
    def glue(self) -> Any:
        """The Glue Data Catalog."""
        return self._make("glue")

    @cached_property
    def athena(self) -> Any:
        """Amazon Athena."""
        return self._make("athena")

    @cached_property
    def sqs(self) -> Any:
        """Amazon SQS: the queue of S3's notices."""
        return self._make("sqs")

    @cached_property
    def sns(self) -> Any:
        """Amazon SNS: the topic of alerts."""
        return self._make("sns")

    def _make(self, service: str, retries: dict[str, Any] = RETRIES) -> Any:
        from botocore.config import Config

        # A session's clients work in any thread, but making them does not.
        with self._lock:
            self._session = self._session or new_session()
            return self._session.client(service, config=Config(retries=retries))


def new_session() -> "boto3.Session":
    """A session of boto3's own variables. All share the models of the services, whose reading is most of making a client."""
    import boto3
    import botocore.session

    session = botocore.session.Session()
    session.register_component("data_loader", _service_models())
    # boto3 reads AWS_DEFAULT_REGION only; AWS_REGION is what AWS itself sets and its other tools read.
    return boto3.Session(botocore_session=session, region_name=os.environ.get("AWS_REGION") or None)


@cache
def _service_models() -> Any:
    import botocore.session

    return botocore.session.Session().get_component("data_loader")
