"""What can go wrong at S3, for one caller: calls are counted, and a rule says which are refused, and how."""

import re
from collections.abc import Callable
from typing import Any

from batch_classifier_tests.emulators.guard import Application

_CALLER = re.compile(r"Credential=(?P<key>[^/]+)/\d+/[^/]+/s3/aws4_request")
_STATUS = {
    "ExpiredToken": "400 Bad Request",
    "SlowDown": "503 Slow Down",
    "InternalError": "500 Internal Server Error",
    "PermanentRedirect": "301 Moved Permanently",
    "InvalidAccessKeyId": "403 Forbidden",
    "AccessDenied": "403 Forbidden",
}

# Where a bucket is that is in another Region.
ELSEWHERE = "eu-west-1"

# From the number of a call, its method and path to S3's error code; None lets it pass.
Rule = Callable[[int, str, str], str | None]


class StorageFaults:
    """Refuses calls of one access key.

    Attributes:
        calls: how many there were.
        rule: which are refused from now on.
    """

    def __init__(self, access_key: str) -> None:
        self.access_key = access_key
        self.calls = 0
        self.rule: Rule = lambda number, method, path: None

    def guard(self, application: Application) -> Application:
        """The same application behind this."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            found = _CALLER.search(environ.get("HTTP_AUTHORIZATION", ""))
            if found is not None and found["key"] == self.access_key:
                self.calls += 1
                code = self.rule(self.calls, environ["REQUEST_METHOD"], environ["PATH_INFO"])
                if code is not None:
                    # Read to its end, or the connection could not be used again.
                    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                    headers = [("Content-Type", "application/xml"), ("x-amz-bucket-region", ELSEWHERE)]
                    start_response(_STATUS[code], headers)
                    return [f"<Error><Code>{code}</Code><Message>emulated</Message></Error>".encode()]
            return application(environ, start_response)

        return guarded
