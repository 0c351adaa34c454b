"""The nightly schedule that takes up what is not finished."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import dagster as dg

from batch_classifier.defs.failures import told_in_one_sentence
from batch_classifier.defs.metadata import markdown_table
from batch_classifier.defs.names import WAREHOUSE_POOL, asset_key, partitions_name
from batch_classifier.limits import Limits
from batch_classifier.notes.reruns import Rerun, note_reruns
from batch_classifier.notes.retention import Retention, remove_expired
from batch_classifier.notes.unreadable import FileOfPrompt, Unreadable, read_unreadable, reading_settings
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.request_files import input_key
from batch_classifier.results.retention import CustomerRetention, remove_old_files_of_customer
from batch_classifier.storage.folder import Folder
from batch_classifier.warehouse import queries
from batch_classifier.warehouse.interface import Warehouse
from batch_classifier.warehouse.tables import CLASSIFICATIONS
from batch_classifier.wording import counted, fit_line

# So many nights a file is run again for rows that failed; each run asks for these texts again, and pays for them.
NIGHTS_FOR_FAILED_ROWS = 3


def build_rerun_schedule(
    prompts: Sequence[Prompt],
    retention: Retention | None = None,
    customer_retention: CustomerRetention | None = None,
) -> dg.ScheduleDefinition:
    """The schedule `rerun_unfinished` and its job, over all prompts; with a retention it also removes old files.

    The request files of each prompt are partitions of their own, and one schedule can only request runs of one set of
    partitions; so the job notes what should run again, and the sensor `request_files` requests these runs.
    """

    @dg.op(name="find_unfinished", pool=WAREHOUSE_POOL)
    def find_unfinished(
        context: dg.OpExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        customer_folder: dg.ResourceParam[Folder],
        internal_folder: dg.ResourceParam[Folder],
        limits: dg.ResourceParam[Limits],
    ) -> None:
        """Note the request files that are not finished, failed in part, or were classified by an older prompt version."""
        with told_in_one_sentence():
            noted = read_unreadable(internal_folder, [prompt.name for prompt in prompts])
        reruns = []
        for prompt in prompts:
            found = unfinished(prompt, warehouse, context.instance)
            reruns += that_can_be_run(found, customer_folder, noted, reading_settings(prompt, limits))
        note_reruns(internal_folder, reruns)
        for rerun in reruns:
            context.log.info(fit_line(f"{rerun.prompt}/{rerun.request_file} runs again: {rerun.reason}"))
        shown = [{"prompt": rerun.prompt, "request file": rerun.request_file, "why": rerun.reason} for rerun in reruns]
        context.add_output_metadata({"request_files": len(reruns), "reruns": markdown_table(shown[:100])})

    @dg.op(name="remove_old_files", pool=WAREHOUSE_POOL)
    def remove_old_files(
        context: dg.OpExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        internal_folder: dg.ResourceParam[Folder],
    ) -> None:
        """Remove batches and answers that were read, and are older than the retention, from a local folder."""
        if retention is None:
            return
        names = [prompt.name for prompt in prompts]
        with told_in_one_sentence():
            removed = remove_expired(retention, internal_folder, warehouse, names, datetime.datetime.now(datetime.UTC))
        context.add_output_metadata(asdict(removed))

    @dg.op(name="remove_old_files_of_customer", pool=WAREHOUSE_POOL)
    def remove_old_customer_files(
        context: dg.OpExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        customer_folder: dg.ResourceParam[Folder],
    ) -> None:
        """Remove request files that are classified, and result files, that are older than their retention."""
        if customer_retention is None:
            return
        now = datetime.datetime.now(datetime.UTC)
        with told_in_one_sentence():
            removed = remove_old_files_of_customer(customer_retention, customer_folder, warehouse, prompts, now)
        context.add_output_metadata(asdict(removed))

    @dg.job(name="rerun_unfinished", description=find_unfinished.description)
    def rerun_unfinished() -> None:
        find_unfinished()
        if retention is not None:
            remove_old_files()
        if customer_retention is not None:
            remove_old_customer_files()

    return dg.ScheduleDefinition(
        name="rerun_unfinished",
        job=rerun_unfinished,
        cron_schedule="0 2 * * *",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Nightly: request files that are not finished or ended with failed rows, and, where a prompt says so, "
        "those that an older version of the prompt classified, run again.",
    )


def _times_classified(prompt: Prompt, request_file: str, instance: dg.DagsterInstance) -> int:
    """How often this version of the prompt has classified the file, as far as it matters here."""
    records = instance.fetch_materializations(
        dg.AssetRecordsFilter(asset_key=asset_key(prompt.name, CLASSIFICATIONS.name), asset_partitions=[request_file]),
        limit=NIGHTS_FOR_FAILED_ROWS + 1,
    ).records
    made = [record.asset_materialization for record in records if record.asset_materialization is not None]
    versions = [found.value for one in made if (found := one.metadata.get("prompt_version")) is not None]
    return versions.count(prompt.version)


def unfinished(prompt: Prompt, warehouse: Warehouse, instance: dg.DagsterInstance) -> list[Rerun]:
    """The request files that are not finished, or ended with failed rows.

    Not those that would be paid for in vain: whose failed rows have had `NIGHTS_FOR_FAILED_ROWS` more runs with this version
    of the prompt.
    """
    known = set(instance.get_dynamic_partitions(partitions_name(prompt.name)))
    with told_in_one_sentence():
        rows = warehouse.query(prompt.name, queries.standing(warehouse, prompt)) if known else []
    standing = {row["request_file"]: row for row in rows}
    found = []
    for request_file in sorted(known):
        row = standing.get(request_file)
        if row is None or row["ended"] < row["requests"]:
            found.append(Rerun(prompt.name, request_file, "not finished"))
        elif row["failed"] and _times_classified(prompt, request_file, instance) <= NIGHTS_FOR_FAILED_ROWS:
            found.append(Rerun(prompt.name, request_file, counted(row["failed"], "failed request")))
        elif row["older"] and prompt.rerun_older_versions:
            found.append(
                Rerun(prompt.name, request_file, f"{counted(row['older'], 'request')} of an older prompt version")
            )
    return found


def that_can_be_run(
    reruns: Sequence[Rerun], customer: Folder, noted: Mapping[FileOfPrompt, Unreadable], read_with: str
) -> list[Rerun]:
    """Those that could not only fail, night after night: their files are in the folder, and not known as unreadable."""
    found = []
    for rerun in reruns:
        with told_in_one_sentence():
            file = customer.find(input_key(rerun.prompt, rerun.request_file))
        note = noted.get((rerun.prompt, rerun.request_file))
        if file is not None and not (note and note.holds_for(file.fingerprint, read_with)):
            found.append(rerun)
    return found
