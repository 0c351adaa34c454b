"""`batch-classifier status`: the request files and where each stands."""

from typing import Any

from batch_classifier.command_line.project import open_instance
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.defs.names import partitions_name
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.requests.request_files import list_files
from batch_classifier.settings import load_settings
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.open_warehouse import open_warehouse


def show_status(only: str | None) -> int:
    """Print one line for each request file of each prompt (or of `only` one); raises PromptError for an unknown prompt."""
    settings = load_settings()
    prompt_files = load_prompts(settings.prompts)
    prompts = [prompt_files.get(only)] if only else list(prompt_files.prompts.values())
    instance = open_instance()
    warehouse = open_warehouse(settings)
    in_folder = list_files(open_folder(settings.customer_location), {prompt.name for prompt in prompts}).files
    lines = []
    for prompt in prompts:
        dropped = {request_file for name, request_file in in_folder if name == prompt.name}
        # Without a file or a run there are no tables to ask, and asking would make them.
        is_used = dropped or instance.get_dynamic_partitions(partitions_name(prompt.name))
        answer = warehouse.query(prompt.name, queries.standing(warehouse, prompt)) if is_used else []
        rows = {row["request_file"]: row for row in answer}
        for request_file in sorted(dropped | set(rows)):
            lines.append(_line(prompt.name, request_file, rows.get(request_file)))
    if not lines:
        say(
            f"No request files yet. Drop one into {settings.customer_location}/input_data/<prompt>/, or use `classify`."
        )
        return 0
    print_table(
        ["prompt", "request file", "rows", "classified", "failed", "stands at"], lines, ["rows", "classified", "failed"]
    )
    return 0


def _line(prompt: str, request_file: str, row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return [prompt, request_file, "", "", "", "not read"]
    if row["classified"] < row["requests"]:
        state = "waiting for answers"
    elif row["failed"]:
        state = "finished, some rows failed"
    elif row["older"]:
        state = "finished, by an older prompt version"
    else:
        state = "finished"
    return [prompt, request_file, f"{row['requests']:,}", f"{row['classified']:,}", f"{row['failed']:,}", state]
