"""The earlier versions that a bucket keeps of its objects, where versioning is on, and how they go for good."""

from collections.abc import Callable

from batch_classifier.aws.clients import AwsClients
from batch_classifier.aws.refusals import told_plainly


def forget_versions(clients: AwsClients, bucket: str, prefix: str, is_concerned: Callable[[str], bool]) -> int:
    """Delete all versions of the concerned keys but the current ones, and the marks that S3 leaves of deleted objects.

    It takes the permissions s3:ListBucketVersions and s3:DeleteObjectVersion. Raises ClassifierError when AWS refuses. Returns
    how many versions there were.
    """
    earlier, marks = [], []
    with told_plainly(f"remove earlier versions below s3://{bucket}/{prefix}"):
        for page in clients.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            earlier += [one for one in page.get("Versions", []) if not one["IsLatest"] and is_concerned(one["Key"])]
            marks += [one for one in page.get("DeleteMarkers", []) if is_concerned(one["Key"])]
        # The marks last: without its mark, an earlier version that is still there would be current again.
        for one in [*earlier, *marks]:
            clients.s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    return len(earlier)
