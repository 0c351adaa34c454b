"""Permissions on calls of Bedrock, Glue and Athena: each call is looked at before the emulator answers it.

Which actions a call needs on which resources is what AWS's Service Authorization Reference says of the three services, and
Athena's user guide of what a query does in the name of who asks. MiniStack would look for these resources in other places,
and has not all of the operations.
"""

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from batch_classifier_tests.emulators.guard import Application

_SERVICE = re.compile(r"Credential=(?P<key>[^/]+)/\d+/[^/]+/(?P<service>[^/]+)/aws4_request")
_BEDROCK_OPERATIONS = [
    ("POST", r"/model-invocation-job", "CreateModelInvocationJob"),
    ("GET", r"/model-invocation-jobs", "ListModelInvocationJobs"),
    ("GET", r"/model-invocation-job/(?P<resource>.+)", "GetModelInvocationJob"),
    ("POST", r"/model-invocation-job/(?P<resource>.+)/stop", "StopModelInvocationJob"),
    ("POST", r"/model/(?P<resource>.+)/(invoke|converse)", "InvokeModel"),
    ("GET", r"/foundation-models/(?P<resource>.+)", "GetFoundationModel"),
    ("GET", r"/foundation-model-availability/.+", "GetFoundationModelAvailability"),
]
_ON_TABLES = {"GetTable", "CreateTable", "UpdateTable", "GetPartition", "CreatePartition", "UpdatePartition"}


@dataclass(frozen=True)
class Need:
    """An action on resources; `context` are the condition keys that come with it."""

    action: str
    resources: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict)


class Permissions:
    """Refuses calls as AWS does, with AccessDeniedException: those of one access key, whom `allows` decides on.

    Attributes:
        asked: every action that was needed so far.
    """

    def __init__(
        self,
        access_key: str,
        account: str,
        region: str,
        allows: Callable[[Need], bool],
        workgroup_of: Callable[[str], str],
    ) -> None:
        self.asked: set[str] = set()
        self._access_key = access_key
        self._account, self._region = account, region
        self._allows = allows
        self._workgroup_of = workgroup_of

    def guard(self, application: Application) -> Application:
        """The same application behind this."""

        def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            found = _SERVICE.search(environ.get("HTTP_AUTHORIZATION", ""))
            if found and found["key"] == self._access_key and found["service"] in ("bedrock", "glue", "athena"):
                body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                environ["wsgi.input"] = io.BytesIO(body)
                for need in self._needs(found["service"], environ, json.loads(body or b"{}")):
                    self.asked.add(need.action)
                    if not self._allows(need):
                        return _refuse(found["service"], need, start_response)
            return application(environ, start_response)

        return guarded

    def _needs(self, service: str, environ: Mapping[str, Any], request: Mapping[str, Any]) -> Iterator[Need]:
        if service == "bedrock":
            yield from self._bedrock(environ["REQUEST_METHOD"], unquote(environ["PATH_INFO"]), request)
            return
        operation = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
        yield from self._glue(operation, request) if service == "glue" else self._athena(operation, request)

    def _bedrock(self, method: str, path: str, request: Mapping[str, Any]) -> Iterator[Need]:
        for its_method, pattern, operation in _BEDROCK_OPERATIONS:
            found = re.fullmatch(pattern, path)
            if found is None or method != its_method:
                continue
            own: tuple[str, ...] = (found.groupdict().get("resource") or "*",)
            if operation in ("InvokeModel", "GetFoundationModel"):
                own = (self._arn("bedrock", f"foundation-model/{own[0]}", account=""),)
            if operation == "CreateModelInvocationJob":
                own = (
                    self._arn("bedrock", f"foundation-model/{request['modelId']}", account=""),
                    self._arn("bedrock", "model-invocation-job/new"),
                )
                yield Need("iam:PassRole", (request["roleArn"],), {"iam:PassedToService": "bedrock.amazonaws.com"})
            yield Need(f"bedrock:{operation}", own)
            return
        # Some other operation, which no policy of ours names.
        yield Need("bedrock:Other", ("*",))

    def _glue(self, operation: str, request: Mapping[str, Any]) -> Iterator[Need]:
        database = request.get("DatabaseName") or request.get("Name") or request["DatabaseInput"]["Name"]
        table = None
        if operation in _ON_TABLES:
            table = request.get("TableName") or request.get("Name") or request["TableInput"]["Name"]
        yield self._on_catalog(operation, database, table)

    def _athena(self, operation: str, request: Mapping[str, Any]) -> Iterator[Need]:
        workgroup = request.get("WorkGroup") or self._workgroup_of(request["QueryExecutionId"])
        yield Need(f"athena:{operation}", (self._arn("athena", f"workgroup/{workgroup}"),))
        if operation != "StartQueryExecution":
            return
        database = request["QueryExecutionContext"]["Database"]
        for name in ("default", database):
            yield self._on_catalog("GetDatabase", name)
        for looking in ("GetTables", "GetTable", "GetPartitions", "BatchGetPartition"):
            for table in sorted(set(re.findall(rf'\b{database}"?\."?(\w+)', request["QueryString"]))):
                yield self._on_catalog(looking, database, table)
        # Rows and results are read and written by the role itself; these are asked for before.
        results = urlsplit(request["ResultConfiguration"]["OutputLocation"])
        bucket = f"arn:aws:s3:::{results.netloc}"
        for action in ("GetBucketLocation", "ListBucketMultipartUploads"):
            yield Need(f"s3:{action}", (bucket,))
        for action in ("AbortMultipartUpload", "ListMultipartUploadParts"):
            yield Need(f"s3:{action}", (f"{bucket}{results.path}a.csv",))

    def _on_catalog(self, operation: str, database: str, table: str | None = None) -> Need:
        parts = ["catalog", f"database/{database}"] + ([f"table/{database}/{table}"] if table else [])
        return Need(f"glue:{operation}", tuple(self._arn("glue", part) for part in parts))

    def _arn(self, service: str, resource: str, account: str | None = None) -> str:
        return f"arn:aws:{service}:{self._region}:{self._account if account is None else account}:{resource}"


def _refuse(service: str, need: Need, start_response: Callable[..., Any]) -> list[bytes]:
    message = f"The caller is not authorized to perform: {need.action} on resource: {need.resources[-1]}"
    status = "403 Forbidden" if service == "bedrock" else "400 Bad Request"
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", "AccessDeniedException")]
    start_response(status, headers)
    return [json.dumps({"__type": "AccessDeniedException", "Message": message, "message": message}).encode()]
