"""Checks of who calls AWS, and where."""

import os

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.deployment.verdicts import Verdict


def check_credentials(clients: DeploymentClients, name: str) -> Verdict:
    """Whether AWS takes the credentials, and whose they are."""
    caller = clients.of("sts").get_caller_identity()
    return Verdict(name, "ok", f"{caller['Arn']} in account {caller['Account']}.")


def check_region(clients: DeploymentClients, name: str) -> Verdict:
    """Whether there is one Region, and only one."""
    if clients.region is None:
        return Verdict(name, "fail", "No AWS Region is set.", "Set AWS_REGION.")
    other = os.environ.get("AWS_DEFAULT_REGION")
    if other and other != clients.region:
        finding = f"{clients.region}, but AWS_DEFAULT_REGION says {other}."
        return Verdict(name, "warn", finding, "Let both say the same; tools differ in which one they read.")
    return Verdict(name, "ok", f"{clients.region}.")
