"""Checks of what Bedrock needs: the role of its jobs, and access to each prompt's model."""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.aws.refusals import MISSING, NOT_ALLOWED, error_code, explain
from batch_classifier.deployment.verdicts import Verdict

BEDROCK = "bedrock.amazonaws.com"
_PROFILE = re.compile(
    r"(us|us-gov|eu|apac|jp|au|ca|sa|global)\.[a-z0-9-]+\..+|arn:.*:(application-)?inference-profile/.+"
)


def check_job_role(clients: DeploymentClients, arn: str | None, name: str) -> Verdict:
    """Whether the role is there, and whether Bedrock, and only for this account, may be it."""
    from botocore.exceptions import ClientError

    if not arn:
        advice = "Set BATCH_CLASSIFIER_BEDROCK_ROLE_ARN; `make deploy-aws` prints it."
        return Verdict(name, "fail", "No role is set for the batch jobs.", advice)
    try:
        role = clients.of("iam").get_role(RoleName=arn.rpartition("/")[2])["Role"]
    except ClientError as error:
        if error_code(error) in MISSING:
            advice = "Create it with `make deploy-aws`, or mend BATCH_CLASSIFIER_BEDROCK_ROLE_ARN."
            return Verdict(name, "fail", f"The role {arn} does not exist.", advice)
        if error_code(error) in NOT_ALLOWED:
            return Verdict(name, "warn", f"{arn} cannot be looked at: {explain(error)}.", "Allow iam:GetRole on it.")
        raise
    if role["Arn"] != arn:
        return Verdict(name, "fail", f"The role {arn} does not exist; there is {role['Arn']}.", "Mend the setting.")
    trusting = [statement for statement in _statements(role["AssumeRolePolicyDocument"]) if _trusts_bedrock(statement)]
    if not trusting:
        advice = f"Let {BEDROCK} assume it, as in batch_classifier/deployment/template.yaml."
        return Verdict(name, "fail", f"Bedrock may not assume {arn}.", advice)
    if not all("aws:sourceaccount" in json.dumps(statement.get("Condition", {})).lower() for statement in trusting):
        advice = "Add a condition on aws:SourceAccount to its trust, as in batch_classifier/deployment/template.yaml."
        return Verdict(name, "warn", f"Bedrock may assume {arn} on behalf of any account.", advice)
    return Verdict(name, "ok", f"Bedrock may assume {arn}.")


def check_model(clients: DeploymentClients, model_id: str, prompts: Sequence[str], name: str) -> Verdict:
    """Whether a model is in this Region, can be asked by this id, and this account has access to it."""
    from botocore.exceptions import ClientError

    bedrock = clients.of("bedrock")
    asked = f"asked by {', '.join(prompts)}"
    try:
        if _PROFILE.fullmatch(model_id):
            profile = bedrock.get_inference_profile(inferenceProfileIdentifier=model_id)
            base_id = profile["models"][0]["modelArn"].rpartition("/")[2]
        else:
            details = bedrock.get_foundation_model(modelIdentifier=model_id)["modelDetails"]
            base_id = details["modelId"]
            if "ON_DEMAND" not in details.get("inferenceTypesSupported", ["ON_DEMAND"]):
                advice = f"Let model.id name an inference profile, as in us.{base_id}."
                return Verdict(name, "fail", f"{asked}; it cannot be asked by its own id.", advice)
            if details.get("modelLifecycle", {}).get("status") == "LEGACY":
                return Verdict(name, "warn", f"{asked}; AWS calls it legacy and will end it.", "Choose a newer model.")
        availability = bedrock.get_foundation_model_availability(modelId=base_id)
    except ClientError as error:
        if error_code(error) in NOT_ALLOWED:
            return Verdict(name, "warn", f"{asked}; it cannot be looked at: {explain(error)}.", "Try it with one file.")
        if error_code(error) in MISSING | {"ValidationException"}:
            advice = f"Mend model.id in the prompt, or choose a Region that has it (now {clients.region})."
            return Verdict(name, "fail", f"{asked}; Bedrock does not know it here: {explain(error)}.", advice)
        raise
    lacking = _lacking(availability)
    if lacking:
        advice = "Ask for access to the model in the Bedrock console, under Model access."
        return Verdict(name, "fail", f"{asked}; this account has no access to it ({lacking}).", advice)
    return Verdict(name, "ok", f"{asked}; this account has access to it.")


def _statements(document: dict[str, Any] | str) -> list[dict[str, Any]]:
    content: dict[str, Any] = json.loads(unquote(document)) if isinstance(document, str) else document
    statements = content.get("Statement", [])
    return statements if isinstance(statements, list) else [statements]


def _trusts_bedrock(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal", {})
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    return statement.get("Effect") == "Allow" and BEDROCK in ([services] if isinstance(services, str) else services)


def _lacking(availability: dict[str, Any]) -> str:
    """Which of the four conditions of access is not met; empty when all are."""
    expected = {
        "authorization": (availability.get("authorizationStatus"), "AUTHORIZED"),
        "entitlement": (availability.get("entitlementAvailability"), "AVAILABLE"),
        "Region": (availability.get("regionAvailability"), "AVAILABLE"),
        "agreement": (availability.get("agreementAvailability", {}).get("status"), "AVAILABLE"),
    }
    return ", ".join(f"{part}: {found}" for part, (found, good) in expected.items() if found not in (None, good))
