"""`batch-classifier deploy` and `destroy`: the AWS deployment's stack, made, changed and removed at a terminal."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from batch_classifier.aws.clients import DeploymentClients
from batch_classifier.command_line.terminal import say
from batch_classifier.deployment.stack import DEFAULT_STACK, TEMPLATE, deploy, described, destroy, stored_data
from batch_classifier.deployment.stored_data import StoredData
from batch_classifier.errors import SettingError
from batch_classifier.settings import load_env_file

Arguments = ParamSpec("Arguments")


def _interruptible(command: Callable[Arguments, int]) -> Callable[Arguments, int]:
    @wraps(command)
    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> int:
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt:
            say("", "Interrupted; AWS goes on with what was begun. Start again to see it through.", is_error=True)
            return 130

    return run


@_interruptible
def deploy_stack(stack: str | None, parameters: Sequence[str], template: Path | None) -> int:
    """Create the stack or bring it up to date, and print its settings; `parameters` are written as Key=Value."""
    load_env_file()
    settings = deploy(_name(stack), _parameters(parameters), template or TEMPLATE, say=say)
    say("", "Put these lines into .env:", "")
    say(*(f"{name}={value}" for name, value in settings.items()))
    return 0


@_interruptible
def destroy_stack(stack: str | None, delete_data: bool, is_confirmed: bool) -> int:
    """Remove the stack, after a question unless `is_confirmed`; 1 where the answer is no."""
    load_env_file()
    clients, name = DeploymentClients(), _name(stack)
    if not is_confirmed and not _is_wanted(stored_data(name, clients), delete_data):
        say("Nothing was deleted.")
        return 1
    destroy(name, delete_data, clients, say=say)
    return 0


def _name(stack: str | None) -> str:
    return DEFAULT_STACK if stack is None else stack


def _parameters(given: Sequence[str]) -> dict[str, str]:
    parameters = {}
    for entry in given:
        key, equals, value = entry.partition("=")
        if not key or not equals:
            raise SettingError(f"{entry!r} is no parameter; write it as Key=Value.")
        parameters[key] = value
    return parameters


def _is_wanted(data: StoredData, delete_data: bool) -> bool:
    say(f"This deletes the stack {data.stack} in account {data.account}, Region {data.region}.")
    if delete_data:
        say(f"It also deletes, for good and in all versions: {described(data)}.")
        question, expected = f"Type the stack's name ({data.stack}) to go on: ", {data.stack}
    else:
        say(f"It keeps {described(data)}.")
        question, expected = "Go on? [y/N] ", {"y", "yes"}
    try:
        return input(question).strip().lower() in expected
    except EOFError as error:
        raise SettingError("There is nobody to ask; add --yes to delete without a question.") from error
