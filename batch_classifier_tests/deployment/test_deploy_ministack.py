"""MiniStack itself: what the tests of the roles rest on."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from batch_classifier_tests.emulators.ministack import MiniStack


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """One server for the tests of this file."""
    with MiniStack(tmp_path_factory.mktemp("ministack")) as serving:
        yield serving


def test_who_has_no_permission_is_refused(ministack: MiniStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests of the roles rest on: without a policy nothing is allowed."""
    for name, value in ministack.environment.items():
        monkeypatch.setenv(name, value)
    # boto3 keeps the first session of a process, with what it was told then.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    iam = boto3.client("iam")
    iam.create_user(UserName="nobody")
    key: dict[str, Any] = iam.create_access_key(UserName="nobody")["AccessKey"]
    boto3.client("s3").create_bucket(Bucket="somewhere")
    as_nobody = boto3.client("s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    with pytest.raises(ClientError, match="AccessDenied"):
        as_nobody.list_objects_v2(Bucket="somewhere")
