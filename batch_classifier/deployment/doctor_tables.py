"""Checks of the tables on AWS: the Glue database, and Athena by a query."""

import time
from typing import Any
from urllib.parse import urlsplit

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.aws.refusals import MISSING, error_code, explain
from batch_classifier.deployment.verdicts import Verdict

QUERY = "select 1"
QUERY_SECONDS = 30.0
POLL_SECONDS = 0.3


def check_glue_database(clients: DeploymentClients, database: str, name: str) -> Verdict:
    """Whether the database is there."""
    from botocore.exceptions import ClientError

    try:
        clients.of("glue").get_database(Name=database)
    except ClientError as error:
        if error_code(error) not in MISSING:
            raise
        advice = "Create it with `make deploy-aws`, or mend BATCH_CLASSIFIER_GLUE_DATABASE."
        return Verdict(name, "fail", f"The Glue database {database} does not exist.", advice)
    return Verdict(name, "ok", f"{database} is there.")


def check_tables_are_kept(clients: DeploymentClients, tables_uri: str, name: str) -> Verdict:
    """Whether no lifecycle rule of the bucket deletes from the tables: they are data, unlike batches and answers."""
    from botocore.exceptions import ClientError

    address = urlsplit(tables_uri)
    folder = f"{address.path.strip('/')}/"
    try:
        rules = clients.of("s3").get_bucket_lifecycle_configuration(Bucket=address.netloc)["Rules"]
    except ClientError as error:
        if error_code(error) == "NoSuchLifecycleConfiguration":
            return Verdict(name, "ok", f"Nothing expires below {tables_uri}.")
        finding = f"Whether {tables_uri} is kept cannot be seen: {explain(error)}."
        return Verdict(name, "warn", finding, "Allow s3:GetLifecycleConfiguration, or look at the bucket's rules.")
    for rule in rules:
        prefix = _prefix(rule)
        if (
            rule["Status"] == "Enabled"
            and "Expiration" in rule
            and (folder.startswith(prefix) or prefix.startswith(folder))
        ):
            days = rule["Expiration"].get("Days")
            if days is None and "Date" not in rule["Expiration"]:
                continue  # only delete markers
            finding = f"The rule {rule.get('ID', prefix)!r} of {address.netloc} deletes tables below {tables_uri}."
            return Verdict(name, "fail", finding, "Set BATCH_CLASSIFIER_TABLES_URI to a folder without such a rule.")
    return Verdict(name, "ok", f"Nothing expires below {tables_uri}.")


def _prefix(rule: dict[str, Any]) -> str:
    chosen = rule.get("Filter") or {}
    return str(rule.get("Prefix") or chosen.get("Prefix") or chosen.get("And", {}).get("Prefix") or "")


def check_athena(clients: DeploymentClients, database: str, workgroup: str, output: str | None, name: str) -> Verdict:
    """Whether the workgroup runs a query and keeps its result on S3."""
    from botocore.exceptions import ClientError

    athena = clients.of("athena")
    found = _find_workgroup(clients, workgroup)
    if found is None:
        advice = "Create it with `make deploy-aws`, or mend BATCH_CLASSIFIER_ATHENA_WORKGROUP."
        return Verdict(name, "fail", f"The Athena workgroup {workgroup} does not exist.", advice)
    if found.get("State") == "DISABLED":
        return Verdict(name, "fail", f"The Athena workgroup {workgroup} is switched off.", "Enable it in Athena.")
    if not output and not found.get("Configuration", {}).get("ResultConfiguration", {}).get("OutputLocation"):
        advice = "Set BATCH_CLASSIFIER_ATHENA_OUTPUT to an s3:// address."
        return Verdict(name, "fail", f"The Athena workgroup {workgroup} has no place for results.", advice)
    try:
        started = athena.start_query_execution(
            QueryString=QUERY,
            QueryExecutionContext={"Database": database},
            WorkGroup=workgroup,
            **({"ResultConfiguration": {"OutputLocation": output}} if output else {}),
        )
        state, reason = _wait(clients, started["QueryExecutionId"])
    except ClientError as error:
        advice = "Look at the caller's permissions on the workgroup and on the folder of its results."
        return Verdict(name, "fail", f"Athena refuses a query in {workgroup}: {explain(error)}.", advice)
    if state in ("QUEUED", "RUNNING"):
        finding = f"A query in {workgroup} was not over after {QUERY_SECONDS:.0f} seconds."
        return Verdict(name, "warn", finding, "Athena may be busy; try again later.")
    if state != "SUCCEEDED":
        advice = "Look at the permissions on the folder of its results, and at the workgroup's limits."
        return Verdict(name, "fail", f"A query in {workgroup} ended as {state}: {reason}", advice)
    return Verdict(name, "ok", f"The workgroup {workgroup} answers.")


def _find_workgroup(clients: DeploymentClients, workgroup: str) -> dict[str, Any] | None:
    from botocore.exceptions import ClientError

    try:
        found: dict[str, Any] | None = clients.of("athena").get_work_group(WorkGroup=workgroup).get("WorkGroup")
        return found
    except ClientError as error:
        if "not found" in str(error):
            return None
        raise


def _wait(clients: DeploymentClients, identifier: str) -> tuple[str, str]:
    athena = clients.of("athena")
    deadline = time.monotonic() + QUERY_SECONDS
    while True:
        status = athena.get_query_execution(QueryExecutionId=identifier)["QueryExecution"]["Status"]
        if status["State"] not in ("QUEUED", "RUNNING"):
            break
        if time.monotonic() > deadline:
            athena.stop_query_execution(QueryExecutionId=identifier)
            break
        time.sleep(POLL_SECONDS)
    return status["State"], status.get("StateChangeReason", "it gives no reason")
