"""The data of a deployment that outlives its stack: two buckets and a Glue database, and how they are removed for good."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.aws.refusals import MISSING, error_code, told_plainly
from batch_classifier.errors import ClassifierError

# What DeleteObjects takes in one call.
OBJECTS_A_CALL = 1000


@dataclass(frozen=True)
class StoredData:
    """What the template names after the stack, its account and its Region."""

    stack: str
    account: str
    region: str

    @property
    def buckets(self) -> tuple[str, str]:
        """The customer's bucket and the internal one."""
        customer, internal = (f"{self.stack}-{part}-{self.account}-{self.region}" for part in ("customer", "internal"))
        return customer, internal

    @property
    def database(self) -> str:
        """The Glue database."""
        return self.stack.replace("-", "_")

    def write_names_out(self, template: str) -> str:
        """The template with the buckets' names in full: CloudFormation takes over a bucket only by a plain name."""
        for part, bucket in zip(("customer", "internal"), self.buckets, strict=True):
            derived = f'BucketName: !Sub "${{AWS::StackName}}-{part}-${{AWS::AccountId}}-${{AWS::Region}}"'
            if derived not in template:
                raise ClassifierError(f"The template does not name the {part} bucket as {derived}.")
            template = template.replace(derived, f"BucketName: {bucket}")
        return template

    def has_database(self, clients: DeploymentClients) -> bool:
        """Whether the Glue database is there; raises ClassifierError when AWS refuses to tell."""
        from botocore.exceptions import ClientError

        with told_plainly(f"look up the Glue database {self.database}"):
            try:
                clients.of("glue").get_database(Name=self.database)
            except ClientError as error:
                if error_code(error) in MISSING:
                    return False
                raise
        return True

    def delete(self, clients: DeploymentClients) -> list[str]:
        """Remove every version of every object, the buckets, and the database with its tables; returns what went.

        What is not there is no error. Raises ClassifierError when AWS refuses.
        """
        gone = [bucket for bucket in self.buckets if _delete_bucket(clients.of("s3"), bucket, self.account)]
        return gone + ([self.database] if _delete_database(clients.of("glue"), self.database) else [])


def _delete_bucket(s3: Any, bucket: str, owner: str) -> bool:
    from botocore.exceptions import ClientError

    with told_plainly(f"delete the bucket {bucket}"):
        try:
            # The name could be somebody else's by now.
            s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
        except ClientError as error:
            if error_code(error) in MISSING:
                return False
            raise
        for versions in _versions(s3, bucket):
            answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
            for fault in answer.get("Errors", [])[:1]:
                with told_plainly(f"delete s3://{bucket}/{fault['Key']}"):
                    raise ClientError({"Error": fault}, "DeleteObjects")
        s3.delete_bucket(Bucket=bucket)
    return True


def _versions(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": OBJECTS_A_CALL}
    )
    for page in pages:
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if found:
            yield [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in found]


def _delete_database(glue: Any, name: str) -> bool:
    from botocore.exceptions import ClientError

    with told_plainly(f"delete the Glue database {name}"):
        try:
            glue.delete_database(Name=name)
        except ClientError as error:
            if error_code(error) in MISSING:
                return False
            raise
    return True
