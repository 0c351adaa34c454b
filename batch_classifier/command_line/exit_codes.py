"""How a command ends: with its exit code, and with one sentence where the mistake is a person's."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from batch_classifier.command_line.terminal import say
from batch_classifier.errors import ClassifierError

Arguments = ParamSpec("Arguments")


def ends_with_exit_code(command: Callable[Arguments, int]) -> Callable[Arguments, None]:
    """End with one sentence instead of a stack trace when the mistake is a person's, and with the command's exit code."""

    @wraps(command)
    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> None:
        try:
            code = command(*arguments, **options)
        except ClassifierError as error:
            say(f"Error: {error}", is_error=True)
            code = 1
        except OSError as error:
            # A disk that is full or may not be written to is for a person to mend, too.
            if error.filename is None or error.strerror is None:
                raise
            print(f"Error: {error.filename} cannot be used: {error.strerror}.", file=sys.stderr)
            code = 1
        raise typer.Exit(code)

    return run
