"""`batch-classifier status`: the request files and where each stands."""

from batch_classifier.command_line.project import open_instance
from batch_classifier.command_line.tables import print_table
from batch_classifier.prompts import load_prompts
from batch_classifier.resources import WAREHOUSES
from batch_classifier.settings import load_settings
from batch_classifier.warehouse import queries


def show_status(only: str | None) -> int:
    """Print one line for each request file of each prompt (or of `only` one); raises PromptError for an unknown prompt."""
    settings = load_settings()
    folder = load_prompts(settings.prompts)
    prompts = [folder.get(only)] if only else list(folder.prompts.values())
    instance = open_instance()
    warehouse = WAREHOUSES[settings.warehouse_kind](settings)
    lines = []
    for prompt in prompts:
        known = set(instance.get_dynamic_partitions(f"{prompt.name}_request_files"))
        rows = (
            {row["request_file"]: row for row in warehouse.query(prompt.name, queries.standing(warehouse, prompt))}
            if known
            else {}
        )
        for request_file in sorted(known | set(rows)):
            lines.append(_line(prompt.name, request_file, rows.get(request_file)))
    if not lines:
        print(
            f"No request files yet. Drop one into {settings.customer_location}/input_data/<prompt>/, or use `classify`."
        )
        return 0
    print_table(
        ["prompt", "request file", "rows", "classified", "failed", "stands at"], lines, ["rows", "classified", "failed"]
    )
    return 0


def _line(prompt: str, request_file: str, row: dict | None) -> list[str]:
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
