"""An account with the template's stack in it, where what a role may do is enforced.

S3, SQS, SNS, IAM and STS are MiniStack's; Bedrock, Glue and Athena, which MiniStack has in part, are the other emulator's. The
role's policies are those of the stack, and MiniStack's IAM decides about every call of both. A job of Bedrock reads and
writes S3 as the job's role, and Athena as whoever asks.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import boto3
import pytest

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.deployment.stack import deploy
from batch_classifier_tests.emulators.ministack import ACCOUNT, REGION, MiniStack, template_for_ministack
from batch_classifier_tests.emulators.permissions import Need, Permissions
from batch_classifier_tests.emulators.server import BedrockEmulator

EMULATED = ("BEDROCK", "BEDROCK_RUNTIME", "GLUE", "ATHENA")
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")

# AWS takes these for the actions without Batch; MiniStack takes them for actions of their own.
BATCHES = ["sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"]


class Account:
    """A context manager that makes the stack; inside it this process is the pipeline's role, by boto3's variables.

    Attributes:
        root: clients of the account's root at MiniStack.
        outputs: what the stack gives.
        settings: what `make deploy-aws` prints for `.env`.
        emulator: Bedrock, Glue and Athena.
        permissions: what the pipeline's role was asked for.
    """

    def __init__(self, stack: str, directory: Path) -> None:
        self.stack = stack
        self._directory = directory
        self._open = ExitStack()
        self._patch = pytest.MonkeyPatch()
        self._denied: dict[str, set[str]] = {}
        self._decisions: dict[tuple[str, str], bool] = {}

    def __enter__(self) -> Self:
        self._open.callback(self._patch.undo)
        self._set(self._open.enter_context(MiniStack(self._directory)).environment)
        self.root = DeploymentClients(boto3.Session("test", "test", region_name=REGION))
        trusted = {"TrustedPrincipalArn": f"arn:aws:iam::{ACCOUNT}:root"}
        template = template_for_ministack(self._directory)
        self.settings = deploy(self.stack, trusted, template, self.root, lambda line: None, 0.01)
        found = self.root.of("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]["Outputs"]
        self.outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in found}
        self._credentials = self._assume(self.outputs["PipelineRoleArn"])
        self._let_root_be_the_job_role()
        self._add_policy("PipelineRoleArn", "batches", {"Effect": "Allow", "Action": BATCHES, "Resource": "*"})
        self.statements = [statement for arn in self.policies() for statement in self.granted(arn)]
        self.emulator = BedrockEmulator(
            jobs_s3=self._session(self._assume(self.outputs["BedrockRoleArn"])).client("s3"),
            queries_s3=self._session(self._credentials).client("s3"),
        )
        self.permissions = Permissions(self._credentials[0], ACCOUNT, REGION, self._allows, self._workgroup_of)
        self.emulator.guard(self.permissions)
        self._open.enter_context(self.emulator)
        self.emulator.client("glue").create_database(DatabaseInput={"Name": self.settings_value("GLUE_DATABASE")})
        place = {"ResultConfiguration": {"OutputLocation": self.settings_value("ATHENA_OUTPUT")}}
        self.emulator.client("athena").create_work_group(Name=self.stack, Configuration=place)
        self._set({f"AWS_ENDPOINT_URL_{service}": self.emulator.endpoint_url for service in EMULATED})
        self._set(dict(zip(CREDENTIALS, self._credentials, strict=True)))
        self._set(self.settings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    def settings_value(self, name: str) -> str:
        """The value of a setting."""
        return self.settings[f"BATCH_CLASSIFIER_{name}"]

    def _set(self, variables: Mapping[str, str]) -> None:
        for name, value in variables.items():
            self._patch.setenv(name, value)
        # boto3 keeps the first session of a process, with what it was told then.
        self._patch.setattr(boto3, "DEFAULT_SESSION", None)

    def deny(self, action: str, output: str = "PipelineRoleArn") -> None:
        """Take an action away from a role of the stack, and whatever was taken before is given back."""
        actions = [action, f"{action}Batch"] if f"{action}Batch" in BATCHES else [action]
        self._add_policy(output, "taken-away", {"Effect": "Deny", "Action": actions, "Resource": "*"})
        self._denied[output] = {action}

    def give_back(self, output: str = "PipelineRoleArn") -> None:
        """Let the role be as the stack has it."""
        role = self.outputs[output].rpartition("/")[2]
        self.root.of("iam").delete_role_policy(RoleName=role, PolicyName="taken-away")
        self._denied[output] = set()

    def _add_policy(self, output: str, name: str, statement: dict[str, Any]) -> None:
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = self.outputs[output].rpartition("/")[2]
        self.root.of("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)

    def policies(self) -> list[str]:
        """The ARNs of the policies of the pipeline's role."""
        role = self.outputs["PipelineRoleArn"].rpartition("/")[2]
        attached = self.root.of("iam").list_attached_role_policies(RoleName=role)["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in attached]

    def granted(self, arn: str) -> list[dict[str, Any]]:
        """The statements of a policy, as the account has them."""
        iam = self.root.of("iam")
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        return list(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]["Statement"])

    def _allows(self, need: Need) -> bool:
        if need.action in self._denied.get("PipelineRoleArn", ()):
            return False
        return all(self._allows_on(need, resource) for resource in need.resources)

    def _allows_on(self, need: Need, resource: str) -> bool:
        key = (f"{need.action} {sorted(need.context.items())}", resource)
        if key not in self._decisions:
            # MiniStack's simulation looks at no conditions: those that are met are left out, the others' statements too.
            statements = [
                {name: value for name, value in statement.items() if name != "Condition"}
                for statement in self.statements
                if _is_met(statement.get("Condition", {}), need.context)
            ]
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            answer = self.root.of("iam").simulate_custom_policy(
                PolicyInputList=[document], ActionNames=[need.action], ResourceArns=[resource]
            )
            self._decisions[key] = answer["EvaluationResults"][0]["EvalDecision"] == "allowed"
        return self._decisions[key]

    def _workgroup_of(self, query: str) -> str:
        return next(found.workgroup for found in self.emulator.athena.queries if found.identifier == query)

    def _assume(self, role_arn: str) -> tuple[str, str, str]:
        found = self.root.of("sts").assume_role(RoleArn=role_arn, RoleSessionName="pipeline")["Credentials"]
        return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]

    def _session(self, credentials: tuple[str, str, str]) -> boto3.Session:
        return boto3.Session(*credentials, region_name=REGION)

    def _let_root_be_the_job_role(self) -> None:
        """Besides Bedrock; the template lets nobody else."""
        iam, role = self.root.of("iam"), self.outputs["BedrockRoleArn"].rpartition("/")[2]
        trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        trust["Statement"].append(root)
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))


def _is_met(condition: dict[str, Any], context: Any) -> bool:
    assert set(condition) <= {"StringEquals"}, condition
    return all(context.get(name) == value for name, value in condition.get("StringEquals", {}).items())
