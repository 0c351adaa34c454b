"""After a correction the summaries and result files of the request files that have its texts are made again."""

import logging

import dagster as dg

from batch_classifier.command_line.process_files import files_as_set
from batch_classifier.command_line.project import failure_sentence, open_instance, told_of_shortage
from batch_classifier.command_line.terminal import say
from batch_classifier.definitions import build_definitions
from batch_classifier.defs.names import asset_key, job_name, partitions_name
from batch_classifier.defs.run_origin import shown_in_overview
from batch_classifier.prompts.loading import PromptFolder
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings
from batch_classifier.warehouse.corrections import corrected_files
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CATEGORY_SUMMARY

MADE_AGAIN = (CATEGORY_SUMMARY.name, "result_files")


def make_again(
    settings: Settings,
    folder: PromptFolder,
    prompt: Prompt,
    warehouse: Warehouse,
    correction_set: str,
    and_later: bool = False,
) -> list[str]:
    """Make them for all files that have texts of the set (with `and_later` also of later ones); returns a sentence for each that failed. The corrections hold all the same.

    Nobody is asked anything anew: what the model said stays.
    """
    files = [
        row["request_file"]
        for row in warehouse.query(prompt.name, corrected_files(warehouse, prompt.name, correction_set, and_later))
    ]
    if not files:
        return []
    failures = []
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with files_as_set(settings.file_access), told_of_shortage():
        instance = open_instance()
        job = build_definitions(settings, folder).resolve_job_def(job_name(prompt.name))
        for request_file in files:
            instance.add_dynamic_partitions(partitions_name(prompt.name), [request_file])
            with shown_in_overview(instance, job.name):
                result = job.execute_in_process(
                    instance=instance,
                    partition_key=request_file,
                    raise_on_error=False,
                    asset_selection=[asset_key(prompt.name, name) for name in MADE_AGAIN],
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                )
            if result.success:
                say(*_written(request_file, result))
                continue
            told = [failure_sentence(event) for event in result.all_node_events if event.is_step_failure]
            failures.append(f"{request_file}: {'; '.join(told) or 'the run failed'}")
    return failures


def _written(request_file: str, result: dg.ExecuteInProcessResult) -> list[str]:
    """A line for each result file that was written."""
    paths = [
        value.value
        for event in result.all_node_events
        if event.is_step_materialization and event.asset_key is not None and event.asset_key.path[-1] == MADE_AGAIN[1]
        for value in event.materialization.metadata.values()
        if isinstance(value, dg.PathMetadataValue)
    ]
    return [f"{request_file}: {path}" for path in paths]
