"""`batch-classifier evaluate`: how right prompts, models and engines are on labelled texts, side by side."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import orjson

from batch_classifier.command_line.classify import check_file
from batch_classifier.command_line.evaluation_run import EvaluationRun, evaluation_run
from batch_classifier.command_line.evaluation_tables import print_evaluation
from batch_classifier.command_line.process_files import files_as_set
from batch_classifier.command_line.progress_bar import TerminalProgress
from batch_classifier.command_line.project import show_warnings, told_of_shortage
from batch_classifier.command_line.report_files import check_target, write_target
from batch_classifier.command_line.terminal import say
from batch_classifier.errors import ClassifierError
from batch_classifier.evaluation.evaluation import Evaluation, Failed
from batch_classifier.evaluation.labelled_rows import LabelledRows, check_enough, expected_and_given, labelled_rows
from batch_classifier.evaluation.measurement import Measurement, Mistake
from batch_classifier.evaluation.page import page_of
from batch_classifier.evaluation.scores import scores_of
from batch_classifier.evaluation.variants import Variant, label_column_of, variants_of
from batch_classifier.inference.open_inference import INFERENCES
from batch_classifier.prompts.loading import PromptFolder, load_prompt, load_prompts
from batch_classifier.prompts.prompt import Prompt
from batch_classifier.settings import Settings, load_settings
from batch_classifier.warehouse.queries import requests_in_rows

# So many wrong texts are shown on the page, and told in the JSON.
_MISTAKES = 200


@dataclass(frozen=True)
class Wish:
    """What a person wants compared, and where it is to be written beside the terminal."""

    prompt: str
    labels: Path
    against: Sequence[str] = ()
    models: Sequence[str] = ()
    engines: Sequence[str] = ()
    label_column: str | None = None
    json: Path | None = None
    page: Path | None = None


def evaluate(wish: Wish) -> int:
    """Measure all variants on the labelled file and show them; 1 when one of them could not be measured.

    Raises ClassifierError for what is wrong with the file, the labels, a prompt or an option, before anything is asked.
    """
    settings = load_settings()
    variants = _variants(wish, settings)
    check_file(wish.labels)
    for target in (wish.json, wish.page):
        if target is not None:
            check_target(target)
    show_warnings()
    try:
        with files_as_set(settings.file_access), told_of_shortage():
            evaluation = _evaluation(settings, variants, wish.labels)
    except KeyboardInterrupt:
        say("", "Interrupted. Answers that are there are kept: start the same command again and it goes on with them.")
        return 130
    print_evaluation(evaluation)
    if wish.json is not None:
        write_target(wish.json, orjson.dumps(evaluation.to_json(), option=orjson.OPT_INDENT_2), settings.file_access)
    if wish.page is not None:
        write_target(wish.page, page_of(evaluation).encode(), settings.file_access)
    return 1 if evaluation.failed else 0


def _variants(wish: Wish, settings: Settings) -> list[Variant]:
    engines = list(wish.engines) or [settings.inference_kind]
    if unknown := [engine for engine in engines if engine not in INFERENCES]:
        raise ClassifierError(f"--inference is {unknown[0]!r}; those there are: {', '.join(INFERENCES)}.")
    folder = load_prompts(settings.prompts)
    prompts = [(wish.prompt, folder.get(wish.prompt))]
    prompts += [(name, _prompt(name, folder, settings.prompts)) for name in wish.against]
    return variants_of(prompts, wish.models, engines, wish.label_column)


def _prompt(name: str, folder: PromptFolder, prompts: Path) -> Prompt:
    """The prompt of that name, or of the file of that name, here or in the folder of the prompts."""
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        return folder.get(name)
    return load_prompt(path if path.exists() or not (prompts / path).exists() else prompts / path)


def _evaluation(settings: Settings, variants: Sequence[Variant], file: Path) -> Evaluation:
    with ExitStack() as stack:
        progress = stack.enter_context(TerminalProgress())
        runs = [stack.enter_context(evaluation_run(settings, variant, file, progress)) for variant in variants]
        # All files are read, and the labels judged, before anything is asked.
        for run in runs:
            run.read()
        with runs[0].requests() as requests:
            rows = labelled_rows(requests, [variant.prompt for variant in variants])
        check_enough(rows, file.name, label_column_of(variants[0].prompt))
        measured: list[tuple[Measurement, dict[int, str | None]]] = []
        failed: list[Failed] = []
        for run in runs:
            try:
                given = run.classify()
                measured.append((_measurement(run, rows, given), given))
            except ClassifierError as error:
                failed.append(Failed(run.variant.title, str(error)))
        if not measured:
            raise ClassifierError(failed[0].reason)
        wrong = _wrong_rows(rows, [measurement for measurement, _ in measured])
        return Evaluation(
            file=file.name,
            texts=len(rows.labels),
            notes=rows.notes(),
            measurements=[measurement for measurement, _ in measured],
            failed=failed,
            mistakes=_mistakes(runs[0], rows, wrong, [given for _, given in measured]),
            mistakes_in_all=len(wrong),
        )


def _measurement(run: EvaluationRun, rows: LabelledRows, given: dict[int, str | None]) -> Measurement:
    prompt = run.variant.prompt
    pairs = [(expected, name) for _, expected, name in expected_and_given(rows.labels, prompt, given)]
    return Measurement(
        title=run.variant.title,
        prompt=prompt.name,
        prompt_version=prompt.version,
        model_id=run.inference.model_id(prompt),
        engine=run.variant.engine,
        scores=scores_of(pairs, prompt.class_names),
        usage=run.usage(),
        right=[expected == name for expected, name in pairs],
    )


def _wrong_rows(rows: LabelledRows, measured: Sequence[Measurement]) -> list[int]:
    verdicts = zip(*(measurement.right for measurement in measured), strict=True)
    return [row for row, right in zip(rows.labels, verdicts, strict=True) if not all(right)]


def _mistakes(
    run: EvaluationRun, rows: LabelledRows, wrong: Sequence[int], given: Sequence[dict[int, str | None]]
) -> list[Mistake]:
    shown = list(islice(wrong, _MISTAKES))
    if not shown:
        return []
    prompt = run.variant.prompt
    sql = requests_in_rows(run.warehouse, prompt, run.request_file, shown)
    found = {row["row_number"]: row for row in run.warehouse.query(prompt.name, sql)}
    return [
        Mistake(row, found[row]["record_id"], found[row]["text"], rows.labels[row], [classes[row] for classes in given])
        for row in shown
    ]
