"""The command `batch-classifier`: the same pipeline as in Dagster, for people at a terminal."""

import io
import pkgutil
import sys
from importlib import import_module

import typer

from batch_classifier.command_line import commands
from batch_classifier.interrupts import end_soon_after_an_interrupt

# As a person comes to need them; a command that is not named here follows them.
ORDER = [
    "init",
    "classify",
    "prompts",
    "status",
    "costs",
    "report",
    "ui",
    "dashboard",
    "evaluate",
    "discover",
    "sample",
    "corrections",
    "train",
    "forget",
    "doctor",
    "deploy",
    "destroy",
    "demo",
]


def gather() -> typer.Typer:
    """All commands: the `application` of each module in `commands`."""
    gathered = typer.Typer(
        help="Turns files of texts into trusted categories.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    for name in sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
        gathered.add_typer(import_module(f"{commands.__name__}.{name}").application)
    return gathered


command_line = gather()


def main() -> None:
    """The entry point; an interrupt ends with a sentence as well, and within seconds."""
    end_soon_after_an_interrupt()
    for stream in (sys.stdout, sys.stderr):
        # A terminal of some older encoding has no sign for much of what a name may hold.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    command_line()


if __name__ == "__main__":
    main()
