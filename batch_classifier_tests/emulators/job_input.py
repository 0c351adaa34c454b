"""What a job finds at its input URI, and the reasons for which validation fails it minutes after it was accepted."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from batch_classifier_tests.emulators.limits import Limits

RECORD_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class InputRefused(Exception):
    """The job fails; the text is its message."""


@dataclass(frozen=True)
class InputFile:
    """One JSONL file of a job, its records in their order."""

    name: str
    records: list[dict[str, Any]]


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def read_input(s3: Any, uri: str, job_arn: str, limits: Limits) -> list[InputFile]:
    """Read and validate a job's input; raises InputRefused. What is inside `modelInput` is not looked at."""
    bucket, key = split_uri(uri)
    try:
        objects = list(_list_objects(s3, bucket, key))
    except ClientError:
        raise InputRefused(f"Could not validate GetObject permissions to access S3 bucket: {bucket}") from None
    if not objects:
        raise InputRefused(f"The input of batch job {job_arn} was not found, or has no .jsonl file: {uri}")
    if sum(size for _, size in objects) > limits.job_bytes_at_most:
        raise InputRefused(
            f"Batch job {job_arn} is larger than the allowed maximum of: {limits.job_bytes_at_most} bytes"
        )
    files = []
    for name, size in objects:
        if size > limits.file_bytes_at_most:
            raise InputRefused(f"File {name} is larger than the allowed maximum of: {limits.file_bytes_at_most} bytes")
        content = s3.get_object(Bucket=bucket, Key=name)["Body"].read()
        files.append(InputFile(name.rsplit("/", 1)[-1], list(_read_lines(content, name))))
    _check_counts(files, job_arn, limits)
    return files


def _list_objects(s3: Any, bucket: str, key: str) -> Iterator[tuple[str, int]]:
    is_file = key.endswith(".jsonl")
    prefix = key if is_file or not key else key.rstrip("/") + "/"
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", []):
            if found["Key"] == key if is_file else found["Key"].endswith(".jsonl"):
                yield found["Key"], found["Size"]


def _read_lines(content: bytes, name: str) -> Iterator[dict[str, Any]]:
    # Cut at line feeds only: a text may hold other characters that Python takes for line ends.
    for number, line in enumerate(content.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            raise InputRefused(f"File {name} has malformed JSON in line {number}") from None
        if not isinstance(record, dict) or "modelInput" not in record:
            raise InputRefused(f"File {name} has a record without modelInput in line {number}")
        yield record


def _check_counts(files: list[InputFile], job_arn: str, limits: Limits) -> None:
    for file in files:
        if len(file.records) > limits.records_per_file_at_most:
            raise InputRefused(
                f"File {file.name} contains more records ({len(file.records)}) than the allowed maximum of: "
                f"{limits.records_per_file_at_most}"
            )
    total = sum(len(file.records) for file in files)
    if total < limits.records_per_job_at_least:
        raise InputRefused(
            f"Batch job {job_arn} contains less records ({total}) than the required minimum of: "
            f"{limits.records_per_job_at_least}"
        )
    if total > limits.records_per_job_at_most:
        raise InputRefused(
            f"Batch job {job_arn} contains more records ({total}) than the allowed maximum of: "
            f"{limits.records_per_job_at_most}"
        )
    seen: set[str] = set()
    for record in (record for file in files for record in file.records):
        record_id = record.get("recordId")
        if record_id is None:
            continue
        if not isinstance(record_id, str) or not RECORD_ID.fullmatch(record_id):
            raise InputRefused(f"Batch job {job_arn} has an invalid recordId: {record_id!r}")
        if record_id in seen:
            raise InputRefused(f"Batch job {job_arn} has the recordId {record_id} more than once")
        seen.add(record_id)
