"""`batch-classifier classify`: put a file where request files go, run the prompt's job on it, and tell how it went."""

import logging
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import typer

from batch_classifier.cascade.standing import is_sampling
from batch_classifier.command_line.process_files import files_as_set
from batch_classifier.command_line.progress_bar import TerminalProgress
from batch_classifier.command_line.project import failure_sentence, open_instance, told_of_shortage, was_interrupted
from batch_classifier.command_line.summary import print_summary
from batch_classifier.command_line.terminal import say
from batch_classifier.definitions import build_definitions
from batch_classifier.defs.names import job_name, op_name, partitions_name
from batch_classifier.defs.run_origin import shown_in_overview
from batch_classifier.errors import ClassifierError
from batch_classifier.file_access import FileAccess
from batch_classifier.inference.open_inference import open_inference
from batch_classifier.notes.budget import APPROVE_TAG
from batch_classifier.notes.fresh import FRESH_TAG
from batch_classifier.prompts.loading import PromptFolder, load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.requests.incoming_file import Wish, request_file_of
from batch_classifier.requests.readers.formats import SUPPORTED_SUFFIXES, is_supported
from batch_classifier.requests.request_files import input_key
from batch_classifier.results.formats import FORMATS
from batch_classifier.settings import Settings, load_settings
from batch_classifier.storage.folder import Folder
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.storage.unfinished import remove_abandoned, unfinished_name
from batch_classifier.wording import fit_line

# As good as for ever; the run's configuration has no word for it.
_TO_THE_END = 10 * 365 * 24 * 3600.0


def classify_file(
    file: Path,
    prompt_name: str,
    output: Path | None = None,
    format: str | None = None,
    replace: bool = False,
    approve: bool = False,
    fresh: bool = False,
) -> int:
    """Run one file through all assets of a prompt; the exit code is 0 only when every row has an honest status.

    With `replace` the file takes the place of another one of its name, whose rows are gone then; with `approve` it passes
    though it be over a budget; with `fresh` all its texts are asked again.

    Raises ClassifierError for what is wrong with the file, the prompt or an option.
    """
    settings = load_settings()
    folder = load_prompts(settings.prompts)
    prompt = folder.get(prompt_name)
    formats = _formats(prompt, format)
    check_file(file)
    if output is not None:
        _prepare(output)
    customer = open_folder(settings.customer_location, settings.kms_key_id, settings.file_access)
    ask = _ask if _is_at_terminal() else None
    try:
        with (
            files_as_set(settings.file_access),
            request_file_of(file, prompt, customer, settings.home / "locks", ask, replace) as request_file,
        ):
            return _classify(settings, folder, prompt, request_file, customer, output, formats, _tags(approve, fresh))
    except KeyboardInterrupt:
        say("", "Interrupted before the work began; start the same command again.")
        return 130


def _tags(approve: bool, fresh: bool) -> dict[str, str]:
    """The run's tags: the same as a person can give a run in Dagster."""
    return {tag: "yes" for tag, is_set in ((APPROVE_TAG, approve), (FRESH_TAG, fresh)) if is_set}


def _is_at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask(sentence: str, own_name: str) -> Wish:
    say(sentence)
    question = f"Classify it too, as {own_name} (both), put it in the other's place (replace), or stop?"
    while (answer := str(typer.prompt(fit_line(question), default=Wish.STOP.value)).strip().lower()) not in set(Wish):
        say(f"That is none of {', '.join(Wish)}.")
    return Wish(answer)


def _classify(
    settings: Settings,
    folder: PromptFolder,
    prompt: Prompt,
    request_file: str,
    customer: Folder,
    output: Path | None,
    formats: Sequence[str],
    tags: Mapping[str, str],
) -> int:
    before = customer.find(input_key(prompt.name, request_file))
    with told_of_shortage():
        instance = open_instance()
        instance.add_dynamic_partitions(partitions_name(prompt.name), [request_file])
        sampled = None
        with TerminalProgress() as progress:
            definitions = build_definitions(settings, folder, progress=progress)
            result = run_job(definitions, instance, prompt, request_file, formats, tags)
            if result is not None and result.success and _has_sampled(settings, prompt, request_file):
                # The sample of the cascade is answered; what is left is decided on by it.
                sampled = result
                result = run_job(definitions, instance, prompt, request_file, formats, tags)
    if result is None or was_interrupted(result):
        say(
            "",
            f"Interrupted. Nothing is lost: start the same command again and it goes on from where it stood ({request_file}).",
        )
        return 130
    refused = refusals(result)
    for event in result.all_node_events:
        if event.is_step_failure:
            say(f"Error: {refused.get(event.step_key) or failure_sentence(event)}")
    after = customer.find(input_key(prompt.name, request_file))
    if before is None or after is None or before.fingerprint != after.fingerprint:
        say(
            f"Error: {customer.uri_of(input_key(prompt.name, request_file))} was replaced while it was classified, so the rows and "
            "results under its name may be another file's; start again, with a name that nobody else uses.",
            is_error=True,
        )
        return 1
    if result.success:
        results = written_files(result, formats)
        copies = (
            [_copy(customer, customer.key_of(uri), output, settings.file_access) for uri in results]
            if output
            else results
        )
        print_summary(settings, prompt, request_file, result, copies, sampled)
    honest = _passed(result, "every_request_classified")
    return 0 if result.success and honest else 1


def _has_sampled(settings: Settings, prompt: Prompt, request_file: str) -> bool:
    if prompt.cascade is None:
        return False
    internal = open_folder(settings.internal_location, settings.kms_key_id, settings.file_access)
    return is_sampling(internal, prompt, open_inference(settings).model_id(prompt), request_file)


def check_file(file: Path) -> None:
    """Raise ClassifierError for what is no file, or of no format that can be read."""
    if not _is_text(file):
        raise ClassifierError(f"The name of {_shown(file)} is not UTF-8 text; rename the file.")
    if file.is_dir():
        raise ClassifierError(f"{file} is a folder; name one file in it.")
    if not file.is_file():
        if file.exists():
            raise ClassifierError(f"{file} is a pipe, a device or a socket; save what comes from it as a file.")
        raise ClassifierError(f"There is no file {file}.")
    if not is_supported(file.name):
        raise ClassifierError(f"{file} is of no format that can be read; those are {', '.join(SUPPORTED_SUFFIXES)}.")


def _prepare(output: Path) -> None:
    """Make the folder now: what is wrong with it is told before all the work, not after it."""
    if not _is_text(output):
        raise ClassifierError(f"The name of --output, {_shown(output)}, is not UTF-8 text; name another folder.")
    if output.exists() and not output.is_dir():
        raise ClassifierError(f"--output is {output}, which is a file; name a folder.")
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):
            pass
        remove_abandoned(output)
    except OSError as error:
        raise ClassifierError(
            f"--output is {output}, which cannot be written to: {error.strerror}; name another folder."
        ) from error


def _is_text(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(path: Path) -> str:
    return str(path).encode(errors="replace").decode()


def run_job(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    prompt: Prompt,
    request_file: str,
    formats: Sequence[str],
    tags: Mapping[str, str] | None = None,
) -> Any:
    """Run the prompt's job on one request file to its end, in this process; None when a person interrupted it."""
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    run_config = {
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        "ops": {
            op_name(prompt.name, "batch_job"): {"config": {"wait_seconds": _TO_THE_END}},
            op_name(prompt.name, "result_files"): {"config": {"formats": list(formats)}},
        },
    }
    name = job_name(prompt.name)
    try:
        with shown_in_overview(instance, name):
            return definitions.resolve_job_def(name).execute_in_process(
                instance=instance,
                partition_key=request_file,
                raise_on_error=False,
                run_config=run_config,
                tags=dict(tags or {}),
            )
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
        return None


def refusals(result: Any) -> dict[str, str]:
    """What blocking checks said of why they failed, by their step."""
    found = {}
    for event in result.all_node_events:
        if event.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if evaluation.blocking and not evaluation.passed and evaluation.description:
                found[event.step_key] = evaluation.description
    return found


def written_files(result: Any, formats: Sequence[str]) -> list[str]:
    """The addresses of the result files as the run tells them: it alone knows on what day they were written.

    None where the run wrote no files, as when its texts are held back.
    """
    for event in result.all_node_events:
        if event.is_step_materialization and event.asset_key.path[-1] == "result_files":
            return [event.materialization.metadata[format].value for format in formats]
    return []


def _formats(prompt: Prompt, format: str | None) -> list[str]:
    if format is None:
        return list(prompt.results)
    if format not in FORMATS:
        raise ClassifierError(f"--format is {format!r}; the formats are {', '.join(FORMATS)}.")
    return [format]


def _copy(customer: Folder, key: str, output: Path, access: FileAccess) -> str:
    target = output / key.rsplit("/", 1)[-1]
    unfinished = output / unfinished_name()
    try:
        # Under a name that nobody can foresee: a link that was put there is not followed.
        access.make_file(unfinished)
        with customer.read(key) as stored, unfinished.open("wb") as file:
            shutil.copyfileobj(stored, file)
        unfinished.replace(target)
    except OSError as error:
        raise ClassifierError(
            f"{target} cannot be written: {error.strerror}; the result itself is {customer.uri_of(key)}."
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
    return str(target)


def _passed(result: Any, check: str) -> bool:
    evaluations = [evaluation for evaluation in result.get_asset_check_evaluations() if evaluation.check_name == check]
    return bool(evaluations) and all(evaluation.passed for evaluation in evaluations)
