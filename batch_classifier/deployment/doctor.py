"""Checks a deployment: whether everything it needs is there, reachable and allowed, and what to do where it is not."""

import functools
from collections.abc import Sequence
from pathlib import Path

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.deployment.doctor_bedrock import check_job_role, check_model
from batch_classifier.deployment.doctor_buckets import check_bucket, check_queue
from batch_classifier.deployment.doctor_caller import check_credentials, check_region
from batch_classifier.deployment.doctor_local import check_duckdb, check_folder, check_prompts
from batch_classifier.deployment.doctor_prices import check_prices
from batch_classifier.deployment.doctor_tables import check_athena, check_glue_database, check_tables_are_kept
from batch_classifier.deployment.verdicts import Check, Verdict, run_checks
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.requests.request_files import INPUT
from batch_classifier.results.result_key import OUTPUT
from batch_classifier.settings import Settings


def check_deployment(settings: Settings, clients: DeploymentClients | None = None) -> list[Verdict]:
    """One verdict for each part that these settings put to use, in a fixed order; never raises for what it finds."""
    clients = clients or DeploymentClients()
    checks: dict[str, Check] = {}

    def add(name: str, check: functools.partial[Verdict]) -> None:
        checks[name] = functools.partial(check, name=name)

    add("Prompts", functools.partial(check_prompts, settings))
    on_s3 = any((location or "").startswith("s3://") for location in (settings.customer_uri, settings.internal_uri))
    if on_s3 or settings.inference_kind == "bedrock" or settings.warehouse_kind == "athena":
        add("Credentials", functools.partial(check_credentials, clients))
        add("Region", functools.partial(check_region, clients))
    add("Request files and results", functools.partial(_check_customer, settings, clients))
    add("Batches and answers", functools.partial(_check_internal, settings, clients))
    if settings.sqs_url:
        add("Queue", functools.partial(check_queue, clients, settings.sqs_url, settings.customer_uri))
    if settings.inference_kind == "bedrock":
        add("Bedrock role", functools.partial(check_job_role, clients, settings.bedrock_role_arn))
        for model_id, prompts in _models(settings.prompts).items():
            add(f"Model {model_id}", functools.partial(check_model, clients, model_id, prompts))
        add("Prices", functools.partial(check_prices, settings))
    if settings.warehouse_kind == "athena":
        database, workgroup = settings.glue_database, settings.athena_workgroup
        add("Glue database", functools.partial(check_glue_database, clients, database))
        tables_uri = settings.model_dump().get("tables_uri") or f"{(settings.internal_uri or '').rstrip('/')}/tables"
        if tables_uri.startswith("s3://"):
            add("Tables", functools.partial(check_tables_are_kept, clients, tables_uri))
        add("Athena", functools.partial(check_athena, clients, database, workgroup, settings.athena_output))
    else:
        add("DuckDB", functools.partial(check_duckdb, settings.warehouse_file))
    return run_checks(checks)


def _check_customer(settings: Settings, clients: DeploymentClients, name: str) -> Verdict:
    location = settings.customer_location
    if location.startswith("s3://"):
        return check_bucket(clients, location, f"{INPUT}/", f"{OUTPUT}/", name=name)
    return check_folder(Path(location), name=name)


def _check_internal(settings: Settings, clients: DeploymentClients, name: str) -> Verdict:
    location = settings.internal_location
    if location.startswith("s3://"):
        return check_bucket(clients, location, "", "", name=name)
    return check_folder(Path(location), name=name)


def _models(prompts: Path) -> dict[str, list[str]]:
    """The prompts that ask each model."""
    models: dict[str, list[str]] = {}
    for prompt in load_prompts(prompts).prompts.values():
        models.setdefault(prompt.model.id, []).append(prompt.name)
    return models


def report(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as lines for a terminal, with what to do below what is not as it should be."""
    width = max((len(verdict.name) for verdict in verdicts), default=0)
    lines = []
    for verdict in verdicts:
        lines.append(f"{verdict.status:<4}  {verdict.name:<{width}}  {verdict.finding}")
        if verdict.advice:
            lines.append(f"{'':<4}  {'':<{width}}  -> {verdict.advice}")
    return "\n".join(lines)
