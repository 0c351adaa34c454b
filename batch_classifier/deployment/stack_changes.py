"""Changes of one CloudFormation stack: as a change set, followed event by event to their end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.aws.refusals import error_code, told_plainly
from batch_classifier.errors import ClassifierError

POLL_SECONDS = 3.0
LONGEST_SECONDS = 3600.0
# Left by a creation that failed or was never carried out; such a stack can only be deleted.
_NEVER_CREATED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "REVIEW_IN_PROGRESS", "CREATE_FAILED")
_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")


@dataclass
class StackChanges:
    """One stack. `say` gets a line for every event; `poll_seconds` is the pause between two looks."""

    clients: DeploymentClients
    name: str
    say: Callable[[str], None] = print
    poll_seconds: float = POLL_SECONDS
    longest_seconds: float = LONGEST_SECONDS
    _told: set[str] = field(default_factory=set)

    def find(self) -> dict[str, Any] | None:
        """The stack as AWS describes it, or None; raises ClassifierError when AWS refuses."""
        from botocore.exceptions import ClientError

        with told_plainly(f"look up the stack {self.name}"):
            try:
                return dict(self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0])
            except ClientError as error:
                if error_code(error) == "ValidationError" and "does not exist" in str(error):
                    return None
                raise

    def apply(self, template: str, parameters: Mapping[str, str]) -> bool:
        """Create the stack or bring it up to date; False when there was nothing to change.

        A parameter that is not given keeps its value, or its default in a new stack. Buckets that are there already,
        under names that stand in the template as they are, are taken over. Raises ClassifierError with the reason when it is rolled back.
        """
        found = self.find_ready()
        described = self._describe_template(template)
        unknown = sorted(set(parameters) - set(described))
        if unknown:
            raise ClassifierError(
                f"{', '.join(unknown)} is no parameter of the template; those are {', '.join(sorted(described))}."
            )
        kept = {entry["ParameterKey"] for entry in found["Parameters"]} if found and "Parameters" in found else set()
        with told_plainly(f"prepare the change of the stack {self.name}"):
            name = f"change-{time.time_ns()}"
            made = self._cloudformation.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType="CREATE" if found is None else "UPDATE",
                TemplateBody=template,
                Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
                + [
                    {"ParameterKey": key, "UsePreviousValue": True}
                    for key in sorted(kept & set(described) - set(parameters))
                ],
                Capabilities=["CAPABILITY_IAM"],
                ImportExistingResources=True,
            )
            if not self._await_change_set(made["Id"]):
                return False
        self._remember_events()
        with told_plainly(f"change the stack {self.name}"):
            self._cloudformation.execute_change_set(StackName=self.name, ChangeSetName=made["Id"])
        self._follow(made.get("StackId") or self.name)
        return True

    def delete(self) -> None:
        """Delete the stack and wait for it; what the template retains stays."""
        found = self.find()
        if found is None:
            return
        self._remember_events()
        with told_plainly(f"delete the stack {self.name}"):
            self._cloudformation.delete_stack(StackName=self.name)
        self._follow(found["StackId"])

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        return {entry["OutputKey"]: entry["OutputValue"] for entry in (self.find() or {}).get("Outputs", [])}

    @property
    def _cloudformation(self) -> Any:
        return self.clients.of("cloudformation")

    def find_ready(self) -> dict[str, Any] | None:
        """The stack if it can be changed now, or None; what is left of a creation that failed is removed first.

        Raises ClassifierError when the stack is being changed by others, or is stuck.
        """
        found = self.find()
        if found is None:
            return None
        status = found["StackStatus"]
        if status in _NEVER_CREATED:
            self.say(f"The stack {self.name} was never finished ({status}); removing what is left of it.")
            self.delete()
            return None
        if status.endswith("_IN_PROGRESS"):
            raise ClassifierError(f"The stack {self.name} is being changed ({status}); start again when that is over.")
        if status.endswith("_FAILED"):
            raise ClassifierError(f"The stack {self.name} is stuck ({status}); mend it in the CloudFormation console.")
        return found

    def _describe_template(self, template: str) -> dict[str, Any]:
        with told_plainly("read the template"):
            parameters = self._cloudformation.validate_template(TemplateBody=template)["Parameters"]
        return {entry["ParameterKey"]: entry for entry in parameters}

    def _await_change_set(self, identifier: str) -> bool:
        deadline = time.monotonic() + self.longest_seconds
        while True:
            state = self._cloudformation.describe_change_set(ChangeSetName=identifier, StackName=self.name)
            if state["Status"] == "CREATE_COMPLETE":
                return True
            reason = state.get("StatusReason", "")
            if state["Status"] == "FAILED":
                self._cloudformation.delete_change_set(ChangeSetName=identifier, StackName=self.name)
                if any(words in reason for words in _NO_CHANGES):
                    return False
                raise ClassifierError(f"AWS refuses the change of the stack {self.name}: {reason.rstrip('.')}.")
            self._pause(deadline)

    def _follow(self, stack_id: str) -> None:
        """Tell every new event until the stack rests; raises ClassifierError unless all went well."""
        deadline = time.monotonic() + self.longest_seconds
        failures: list[str] = []
        while True:
            with told_plainly(f"follow the stack {self.name}"):
                status = self._cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
                failures += self._tell_events(stack_id)
            if not status.endswith("_IN_PROGRESS"):
                break
            self._pause(deadline)
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "DELETE_COMPLETE"):
            reasons = "; ".join(self._validation_errors(stack_id) or failures) or "AWS gives no reason"
            raise ClassifierError(f"The stack {self.name} ended as {status}: {reasons}.")

    def _remember_events(self) -> None:
        """What has happened before now is not told again."""
        if self.find() is not None:
            self._told |= {event["EventId"] for event in self._events(self.name)}

    def _tell_events(self, stack_id: str) -> list[str]:
        failures = []
        for event in reversed(self._events(stack_id)):
            if event["EventId"] in self._told:
                continue
            self._told.add(event["EventId"])
            name, status = event["LogicalResourceId"], event["ResourceStatus"]
            reason = event.get("ResourceStatusReason", "")
            self.say(f"  {event['Timestamp']:%H:%M:%S}  {status:<28} {name}")
            # What was only cancelled because of another is not the cause.
            if status.endswith("_FAILED") and "cancelled" not in reason:
                failures.append(f"{name}: {' '.join(reason.split()).rstrip('.')}")
        return failures

    def _validation_errors(self, stack_id: str) -> list[str]:
        """Why CloudFormation refused a template before it made anything; the stack's own events only point here."""
        with told_plainly(f"look up what is wrong with the stack {self.name}"):
            events = self._cloudformation.describe_events(StackName=stack_id, Filters={"FailedEvents": True})
        return [
            f"{event['LogicalResourceId']}: {' '.join(event.get('ValidationStatusReason', '').split()).rstrip('.')}"
            for event in events["OperationEvents"]
            if event.get("EventType") == "VALIDATION_ERROR"
        ]

    def _events(self, stack_id: str) -> list[dict[str, Any]]:
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        return [event for page in pages for event in page["StackEvents"]]

    def _pause(self, deadline: float) -> None:
        if time.monotonic() > deadline:
            raise ClassifierError(
                f"The stack {self.name} is still being changed; look at it in the CloudFormation console."
            )
        time.sleep(self.poll_seconds)
