"""The work of `discover`: groups on the terminal, and a category or a prompt file on the disk."""

from collections.abc import Sequence
from pathlib import Path

from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.discovery.grouping import Group, find_groups
from batch_classifier.discovery.proposal import proposed_category, proposed_prompt
from batch_classifier.discovery.texts_of_file import texts_of_file
from batch_classifier.discovery.unfitting_texts import unfitting_texts
from batch_classifier.errors import ClassifierError, SettingError
from batch_classifier.prompts.editing import add_category, file_of_prompt
from batch_classifier.prompts.loading import PROMPT_NAME, load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.wording import fit_line

_SHOWN_CHARACTERS = 100
_SHOWN_TEXTS = 3


def discover_in_prompt(name: str, add: int | None, category_name: str | None, number: int | None = None) -> int:
    """Group what a prompt's categories leave over, into `number` groups if given; with `add` write that group into the prompt file."""
    settings = load_settings()
    prompt = load_prompts(settings.prompts).get(name)
    found = unfitting_texts(open_warehouse(settings), prompt)
    if not found.unfitting and not found.fitting:
        say(f"The prompt {name} has no classified texts yet; classify a file, or drop one into input_data/{name}/.")
        return 1
    groups = find_groups(found.unfitting, found.fitting, number)
    say(
        f"{found.total:,} distinct texts fit none of the categories of {name}: they are in {prompt.fallback.name}, got no allowed "
        "class, or one with little confidence."
    )
    if len(found.unfitting) < found.total:
        say(f"Looked at {len(found.unfitting):,} of them.")
    if not groups:
        say("There is no group of five or more among them that are about the same thing.")
        return 1
    _show(groups, len(found.unfitting))
    if add is None:
        say(
            "",
            f"`batch-classifier discover --prompt {name} --add N` writes the group N into the prompt file, to be edited.",
        )
        return 0
    if not 1 <= add <= len(groups):
        raise SettingError(f"There is no group {add}; --add takes 1 to {len(groups)}.")
    category = proposed_category(groups[add - 1], category_name)
    path = file_of_prompt(settings.prompts, name)
    add_category(path, category, before=prompt.fallback.name)
    say(
        "",
        f"The category {category.name} stands in {path} now: edit its description and its examples before you classify again. The "
        "prompt's version is another one, so that texts are asked anew.",
    )
    return 0


def discover_in_file(file: Path, text_column: str | None, output: Path | None, number: int | None = None) -> int:
    """Group the texts of a file without categories, into `number` groups if given; with `output` write a prompt file of them."""
    settings = load_settings()
    if output is not None:
        _check(output)
    found = texts_of_file(file, text_column, settings.limits)
    groups = find_groups(found.texts, number=number)
    say(f"{len(found.texts):,} distinct texts in the column {fit_line(found.text_column)}.")
    if not groups:
        say("There are no groups of five or more among them that are about the same thing.")
        return 1
    _show(groups, len(found.texts))
    if output is None:
        say("", "Give --output prompts/<name>.yaml to have them written as a prompt file, to be edited.")
        return 0
    with output.open("x", encoding="utf-8") as written:
        written.write(proposed_prompt(groups, found.text_column, found.id_column))
    say("", f"{output} is a draft: edit descriptions, examples, model and budget, then run `batch-classifier prompts`.")
    return 0


def _check(output: Path) -> None:
    if output.suffix != ".yaml" or not PROMPT_NAME.fullmatch(output.stem):
        raise SettingError(
            f"--output is {output}; a prompt file is named by lower-case letters, digits and underscores, as in prompts/calls.yaml."
        )
    if output.exists():
        raise SettingError(f"--output is {output}, which is there already; name another file.")
    if not output.parent.is_dir():
        raise ClassifierError(f"--output is {output}, and there is no folder {output.parent}; make it first.")


def _show(groups: Sequence[Group], texts: int) -> None:
    print_table(
        ["group", "texts", "share", "telling words", "typical texts"],
        [
            [
                str(number),
                f"{group.size:,}",
                f"{group.size / texts:.0%}",
                fit_line(", ".join(group.words), _SHOWN_CHARACTERS),
                tuple(f"- {fit_line(text, _SHOWN_CHARACTERS)}" for text in group.typical[:_SHOWN_TEXTS]),
            ]
            for number, group in enumerate(groups, 1)
        ],
        ["texts", "share"],
    )
