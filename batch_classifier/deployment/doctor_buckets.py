"""Checks of the two buckets, and of the queue that tells of new request files."""

import json
import uuid
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.aws.refusals import MISSING, NOT_ALLOWED, error_code, explain
from batch_classifier.deployment.verdicts import Verdict

# Hidden, so that no sensor takes it for a request file.
PROBE = ".batch-classifier-doctor-"
CONTENT = b"Written by batch-classifier doctor; it deletes this itself."


def check_bucket(clients: DeploymentClients, uri: str, listed: str, written: str, name: str) -> Verdict:
    """Whether the bucket is there, in this Region, and lets files be listed, written, read and deleted.

    `listed` and `written` are the folders below the address that this is tried in.
    """
    from botocore.exceptions import ClientError

    address = urlsplit(uri)
    bucket, prefix = address.netloc, address.path.strip("/")
    prefix = f"{prefix}/" if prefix else ""
    s3 = clients.of("s3")
    try:
        location = _location(s3, bucket)
    except ClientError as error:
        if error_code(error) not in MISSING:
            raise
        advice = "Create it with `make deploy-aws`, or mend its name in the settings."
        return Verdict(name, "fail", f"The bucket {bucket} does not exist.", advice)
    if location not in (None, clients.region):
        finding = f"The bucket {bucket} is in {location}, but calls go to {clients.region}."
        return Verdict(
            name, "fail", finding, f"Set AWS_REGION={location}; Bedrock reads buckets of its own Region only."
        )
    key = f"{prefix}{written}{PROBE}{uuid.uuid4().hex}"
    doing = f"list s3://{bucket}/{prefix}{listed}"
    try:
        s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}{listed}", MaxKeys=1)
        doing = f"write s3://{bucket}/{key}"
        s3.put_object(Bucket=bucket, Key=key, Body=CONTENT)
        doing = f"read s3://{bucket}/{key}"
        try:
            s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError:
            with suppress(ClientError):
                s3.delete_object(Bucket=bucket, Key=key)
            raise
        doing = f"delete s3://{bucket}/{key}"
        s3.delete_object(Bucket=bucket, Key=key)
    except ClientError as error:
        advice = "Give the caller the permissions of the pipeline's policy (batch_classifier/deployment/template.yaml)."
        return Verdict(name, "fail", f"Cannot {doing}: {explain(error)}.", advice)
    return Verdict(name, "ok", f"{uri} can be listed, written, read and deleted from.")


def _location(s3: Any, bucket: str) -> str | None:
    """The bucket's Region, or None where the caller may not know."""
    from botocore.exceptions import ClientError

    try:
        location: str | None = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint")
    except ClientError as error:
        if error_code(error) in NOT_ALLOWED:
            return None
        raise
    # S3 calls its oldest two Regions by other names.
    return {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}.get(location, location)


def check_queue(clients: DeploymentClients, url: str, customer_uri: str | None, name: str) -> Verdict:
    """Whether the queue is there, takes events from S3, and is told of new files by the customer's bucket."""
    from botocore.exceptions import ClientError

    try:
        attributes = clients.of("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    except ClientError as error:
        if error_code(error) not in MISSING:
            raise
        advice = "Create it with `make deploy-aws`, or mend BATCH_CLASSIFIER_SQS_URL; without one, S3 is listed."
        return Verdict(name, "fail", f"The queue {url} does not exist.", advice)
    arn = attributes["QueueArn"]
    if not _takes_events(attributes.get("Policy")):
        advice = "Let s3.amazonaws.com send messages, as the queue's policy in batch_classifier/deployment/template.yaml does."
        return Verdict(name, "fail", f"The policy of {arn} does not let S3 send to it.", advice)
    bucket = urlsplit(customer_uri or "").netloc
    if not bucket:
        return Verdict(name, "warn", f"{arn} is there, but the request files are not on S3.", "Unset the queue.")
    try:
        configuration = clients.of("s3").get_bucket_notification_configuration(Bucket=bucket)
    except ClientError as error:
        finding = f"{arn} is there; whether {bucket} tells it of new files cannot be seen: {explain(error)}."
        return Verdict(name, "warn", finding, "Allow s3:GetBucketNotification, or look at the bucket's properties.")
    if not any(_tells(entry, arn) for entry in configuration.get("QueueConfigurations", [])):
        advice = "Run `make deploy-aws`, or add a notification of created objects below input_data/ to the bucket."
        return Verdict(name, "fail", f"The bucket {bucket} does not tell {arn} of new files.", advice)
    if "RedrivePolicy" not in attributes:
        advice = "Add one, or a message that cannot be understood comes back until it expires."
        return Verdict(name, "warn", f"{arn} has no dead-letter queue.", advice)
    waiting = attributes.get("ApproximateNumberOfMessages", "0")
    return Verdict(name, "ok", f"{arn} is told of new files by {bucket}; messages waiting: {waiting}.")


def _takes_events(policy: str | None) -> bool:
    statements = json.loads(policy or "{}").get("Statement", [])
    return any(
        statement.get("Effect") == "Allow" and "s3.amazonaws.com" in json.dumps(statement.get("Principal"))
        for statement in (statements if isinstance(statements, list) else [statements])
    )


def _tells(entry: dict[str, Any], arn: str) -> bool:
    return entry.get("QueueArn") == arn and any(
        event.startswith("s3:ObjectCreated:") for event in entry.get("Events", [])
    )
