"""Everything Dagster loads, put together in this one place."""

import logging
import warnings
from typing import Any

import dagster as dg

from batch_classifier.defs.assets.prompt_assets import build_assets
from batch_classifier.defs.checks import build_checks
from batch_classifier.defs.prompt_job import build_job
from batch_classifier.defs.resources import build_resources
from batch_classifier.defs.schedules import build_rerun_schedule
from batch_classifier.defs.sensors.alerts import build_alert_sensors
from batch_classifier.defs.sensors.changed_prompts import build_changed_prompts_sensor
from batch_classifier.defs.sensors.finished_jobs import build_finished_jobs_sensor
from batch_classifier.defs.sensors.request_files import build_request_files_sensor
from batch_classifier.defs.skipped_checks import tell_nothing_of_skipped_checks
from batch_classifier.defs.training import build_training_job, build_training_schedule
from batch_classifier.notes.retention import Retention
from batch_classifier.prompts.changes import PromptChanges
from batch_classifier.prompts.loading import PromptFolder, load_prompts
from batch_classifier.requests.s3_events import FileEvents
from batch_classifier.results.retention import CustomerRetention
from batch_classifier.settings import Settings, load_settings
from batch_classifier.storage.local_folder import LocalFolder

# Partitioned checks are in preview in dagster 1.13; what they do here is tested.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
tell_nothing_of_skipped_checks()


def build_definitions(settings: Settings, folder: PromptFolder, **resources: Any) -> dg.Definitions:
    """Definitions for these prompts in this deployment; `resources` take the place of the deployment's own."""
    prompts = list(folder.prompts.values())
    events = FileEvents(settings.sqs_url) if settings.sqs_url else None
    jobs = [build_job(prompt) for prompt in prompts]
    training = [build_training_job(prompts)] if prompts else []
    sensors: list[dg.SensorDefinition] = []
    if prompts:
        sensors = [
            build_request_files_sensor(folder, jobs, PromptChanges(settings.prompts, folder), events),
            build_finished_jobs_sensor(folder, jobs),
            build_changed_prompts_sensor(folder, settings),
            *build_alert_sensors(settings),
        ]
    return dg.Definitions(
        assets=[asset for prompt in prompts for asset in build_assets(prompt, settings.waits_for_jobs)],
        asset_checks=[
            check for prompt in prompts for check in build_checks(prompt, settings.inference_kind != "local")
        ],
        jobs=[*jobs, *training],
        sensors=sensors,
        schedules=[
            *(build_training_schedule(prompts, job) for job in training),
            *([build_rerun_schedule(prompts, _retention(settings), _customer_retention(settings))] if jobs else []),
        ],
        resources={**build_resources(settings), **resources},
        # A step is short; a process for each would cost more than the step.
        executor=dg.in_process_executor,
    )


def _retention(settings: Settings) -> Retention | None:
    if settings.retention_days is None:
        return None
    return Retention(settings.retention_days, LocalFolder(settings.home / "local_jobs"))


def _customer_retention(settings: Settings) -> CustomerRetention | None:
    retention = CustomerRetention(settings.request_retention_days, settings.result_retention_days)
    return None if retention == CustomerRetention() else retention


def load_definitions() -> dg.Definitions:
    """Definitions from the settings and the prompts' folder; a prompt file with an error is told of and left out."""
    settings = load_settings()
    folder = load_prompts(settings.prompts)
    for error in folder.errors:
        logging.getLogger(__name__).error(str(error))
    return build_definitions(settings, folder)
