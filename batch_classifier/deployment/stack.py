"""Create, change and remove the AWS deployment, which is one CloudFormation stack."""

import re
from collections.abc import Callable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.aws.refusals import told_plainly
from batch_classifier.deployment.stack_changes import POLL_SECONDS, StackChanges
from batch_classifier.deployment.stored_data import StoredData
from batch_classifier.errors import SettingError

# Part of the package, so that an installed one can deploy without its repository.
TEMPLATE = resources.files("batch_classifier.deployment") / "template.yaml"
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
    template: Traversable = TEMPLATE,
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
        say(f"Kept: {described(data)}. Remove them with --delete-data.")


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


def described(data: StoredData) -> str:
    """What the stack leaves behind, in words."""
    customer, internal = data.buckets
    return f"the buckets {customer} and {internal}, and the Glue database {data.database} with its tables"


def _read(template: Traversable) -> str:
    try:
        return template.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingError(f"The template {template} is not UTF-8 text; save it as that.") from error
    except OSError as error:
        raise SettingError(f"The template {template} cannot be read: {error.strerror}.") from error
