"""boto3 clients of the deployment's tools: made at their first use, quick to give up, for any service."""

import threading
from typing import TYPE_CHECKING, Any

from batch_classifier.aws.clients import new_session

if TYPE_CHECKING:
    import boto3

# A person waits in front of it: an address that does not answer should be told of, not tried for minutes.
CONNECT_SECONDS = 5
READ_SECONDS = 30
RETRIES = {"mode": "standard", "max_attempts": 3}


class DeploymentClients:
    """Clients by service name; Region, credentials, profile and endpoints come from boto3's own variables.

    Args:
        session: a boto3 session; one from the environment when not given.
    """

    def __init__(self, session: "boto3.Session | None" = None) -> None:
        self._session = session
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}

    def of(self, service: str) -> Any:
        """The client of a service, as in `of("s3")`; raises botocore's NoRegionError where none is set."""
        from botocore.config import Config

        # A client works in any thread, but making one does not.
        with self._lock:
            if service not in self._made:
                config = Config(connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, retries=RETRIES)
                self._made[service] = self.session.client(service, config=config)
            return self._made[service]

    @property
    def session(self) -> "boto3.Session":
        """The session that all clients share."""
        with self._lock:
            self._session = self._session or new_session()
            return self._session

    @property
    def region(self) -> str | None:
        """The Region in use, or None."""
        return self.session.region_name
