"""Create, change and remove the AWS deployment: python -m batch_classifier.deployment.stack deploy|destroy."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.aws.refusals import told_plainly
from batch_classifier.deployment.stack_changes import POLL_SECONDS, StackChanges
from batch_classifier.deployment.stored_data import StoredData
from batch_classifier.errors import ClassifierError, SettingError

TEMPLATE = Path(__file__).parents[2] / "deploy" / "aws" / "template.yaml"
DEFAULT_STACK = "batch-classifier"
# Part of bucket names, which are lower-case and have 63 characters with account and Region; SQL takes no leading digit.
STACK_NAME = re.compile(r"[a-z][a-z0-9-]{0,24}[a-z0-9]")
# Parameters of the template that the command sees to itself.
DERIVED_PARAMETERS = {"GlueDatabaseName", "CreateGlueDatabase"}
# Settings by the output that holds their value, in the order they are told.
SETTINGS = {
    "BATCH_CLASSIFIER_CUSTOMER_URI": "CustomerUri",
    "BATCH_CLASSIFIER_INTERNAL_URI": "InternalUri",
    "BATCH_CLASSIFIER_TABLES_URI": "TablesUri",
    "BATCH_CLASSIFIER_SQS_URL": "QueueUrl",
    "BATCH_CLASSIFIER_BEDROCK_ROLE_ARN": "BedrockRoleArn",
    "BATCH_CLASSIFIER_GLUE_DATABASE": "GlueDatabase",
    "BATCH_CLASSIFIER_ATHENA_WORKGROUP": "AthenaWorkgroup",
    "BATCH_CLASSIFIER_ATHENA_OUTPUT": "AthenaOutput",
    "BATCH_CLASSIFIER_KMS_KEY_ID": "KmsKeyId",
    "BATCH_CLASSIFIER_ALERT_TOPIC_ARN": "AlertTopicArn",
}


def deploy(
    stack: str = DEFAULT_STACK,
    parameters: Mapping[str, str] | None = None,
    template: Path = TEMPLATE,
    clients: DeploymentClients | None = None,
    say: Callable[[str], None] = print,
    poll_seconds: float = POLL_SECONDS,
) -> dict[str, str]:
    """Create the stack or bring it up to date; returns the settings for `.env`.

    Raises ClassifierError with one sentence when AWS refuses or rolls back.
    """
    clients = clients or DeploymentClients()
    data = stored_data(stack, clients)
    say(f"Stack {stack} in account {data.account}, Region {data.region}.")
    changes = StackChanges(clients, stack, say, poll_seconds)
    chosen = dict(parameters or {})
    for name in sorted(DERIVED_PARAMETERS & set(chosen)):
        raise SettingError(f"{name} cannot be given; it follows from the stack's name and from what is there.")
    if changes.find_ready() is None:
        # An earlier stack of this name leaves its database behind, and no stack can take that over.
        is_new = not data.has_database(clients)
        chosen |= {"GlueDatabaseName": data.database, "CreateGlueDatabase": "true" if is_new else "false"}
    if not changes.apply(data.write_names_out(_read(template)), chosen):
        say("Nothing to change.")
    return settings_of(changes.outputs(), data.region)


def destroy(
    stack: str = DEFAULT_STACK,
    delete_data: bool = False,
    clients: DeploymentClients | None = None,
    say: Callable[[str], None] = print,
    poll_seconds: float = POLL_SECONDS,
) -> None:
    """Remove the stack, and with `delete_data` also the buckets and tables that it leaves behind."""
    clients = clients or DeploymentClients()
    data = stored_data(stack, clients)
    changes = StackChanges(clients, stack, say, poll_seconds)
    if changes.find() is None:
        say(f"There is no stack {stack} in account {data.account}, Region {data.region}.")
    else:
        changes.delete()
        say(f"The stack {stack} is deleted.")
    if delete_data:
        gone = data.delete(clients)
        say(f"Deleted with all they held: {', '.join(gone)}." if gone else "There was no data left to delete.")
    else:
        say(f"Kept: {_described(data)}. Remove them with --delete-data.")


def stored_data(stack: str, clients: DeploymentClients) -> StoredData:
    """The names of the stack's data; raises ClassifierError where the name, Region or credentials won't do."""
    if not STACK_NAME.fullmatch(stack):
        raise SettingError(
            f"{stack!r} cannot be the stack's name: it takes 2 to 26 lower-case letters, digits and hyphens, "
            "a letter first and no hyphen at the end."
        )
    if clients.region is None:
        raise SettingError("No AWS Region is set; set AWS_REGION.")
    with told_plainly("sign in to AWS"):
        account = clients.of("sts").get_caller_identity()["Account"]
    return StoredData(stack, account, clients.region)


def settings_of(outputs: Mapping[str, str], region: str) -> dict[str, str]:
    """The lines of `.env` that lead the product to a stack."""
    settings = {"BATCH_CLASSIFIER_DEPLOYMENT": "aws", "AWS_REGION": region}
    return settings | {setting: outputs[output] for setting, output in SETTINGS.items() if output in outputs}


def read_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m batch_classifier.deployment.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    deploying = commands.add_parser("deploy", help="create the stack or bring it up to date, and print its settings")
    deploying.add_argument("--parameter", action="append", default=[], metavar="KEY=VALUE", help="may be repeated")
    deploying.add_argument("--template", type=Path, default=TEMPLATE, help="another template than the project's own")
    destroying = commands.add_parser("destroy", help="remove the stack; its buckets and tables are kept")
    destroying.add_argument("--delete-data", action="store_true", help="remove the buckets and tables too, for good")
    destroying.add_argument("--yes", action="store_true", help="do not ask")
    for command in (deploying, destroying):
        command.add_argument("--stack", default=DEFAULT_STACK, help=f"the stack's name (default: {DEFAULT_STACK})")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 with one sentence on standard error when it fails, 130 when interrupted."""
    options = read_arguments(arguments)
    try:
        if options.command == "deploy":
            settings = deploy(options.stack, _parameters(options.parameter), options.template)
            print("\nPut these lines into .env:\n")
            print("\n".join(f"{name}={value}" for name, value in settings.items()))
        else:
            clients = DeploymentClients()
            if not options.yes and not _is_confirmed(stored_data(options.stack, clients), options.delete_data):
                print("Nothing was deleted.")
                return 1
            destroy(options.stack, options.delete_data, clients)
    except ClassifierError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; AWS goes on with what was begun. Start again to see it through.", file=sys.stderr)
        return 130
    return 0


def _parameters(given: Sequence[str]) -> dict[str, str]:
    parameters = {}
    for entry in given:
        key, equals, value = entry.partition("=")
        if not key or not equals:
            raise SettingError(f"{entry!r} is no parameter; write it as Key=Value.")
        parameters[key] = value
    return parameters


def _is_confirmed(data: StoredData, delete_data: bool) -> bool:
    print(f"This deletes the stack {data.stack} in account {data.account}, Region {data.region}.")
    if delete_data:
        print(f"It also deletes, for good and in all versions: {_described(data)}.")
        question, expected = f"Type the stack's name ({data.stack}) to go on: ", {data.stack}
    else:
        print(f"It keeps {_described(data)}.")
        question, expected = "Go on? [y/N] ", {"y", "yes"}
    try:
        return input(question).strip().lower() in expected
    except EOFError as error:
        raise SettingError("There is nobody to ask; add --yes to delete without a question.") from error


def _described(data: StoredData) -> str:
    customer, internal = data.buckets
    return f"the buckets {customer} and {internal}, and the Glue database {data.database} with its tables"


def _read(template: Path) -> str:
    try:
        return template.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(
            f"{template} cannot be read: {error.strerror}; start the command from the project."
        ) from error


if __name__ == "__main__":
    sys.exit(main())
