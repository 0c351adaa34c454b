"""The work of `train`: the model trained in this process, shown in Dagster as one of its own, and its figures on the terminal."""

import dagster as dg

from batch_classifier.answers.labels import Labels
from batch_classifier.command_line.project import open_instance, told_of_shortage
from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.defs.assets.local_model import shown
from batch_classifier.defs.names import LOCAL_MODEL, asset_key
from batch_classifier.evaluation.trained_model import ModelReport, report_on
from batch_classifier.inference.open_inference import follower_of_models
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.storage.open_folder import open_folder
from batch_classifier.training.train_prompt import train_prompt
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.wording import counted


def train_and_show(name: str) -> int:
    """Train a prompt's model and say how good it is; raises ClassifierError where there is too little to learn from."""
    settings = load_settings()
    prompt = load_prompts(settings.prompts).get(name)
    internal = open_folder(settings.internal_location, settings.kms_key_id, settings.file_access)
    with told_of_shortage():
        instance = open_instance()
        trained = train_prompt(
            prompt, open_warehouse(settings), internal, Labels(prompt.class_names).named, follower_of_models()
        )
        if trained is None:
            return 1
        report = report_on(prompt, trained)
        instance.report_runless_asset_event(
            dg.AssetMaterialization(asset_key(prompt.name, LOCAL_MODEL), metadata=shown(report))
        )
    _show(name, report)
    return 0


def _show(name: str, report: ModelReport) -> None:
    trained_on, scores = report.model.trained_on, report.scores
    origins = ", ".join(f"{count:,} by {origin.replace('_', ' ')}" for origin, count in trained_on.by_origin.items())
    say(f"The model {report.model.digest} of {name} is trained on {trained_on.texts:,} texts: {origins}.", "")
    print_table(
        ["category", "texts", "precision", "recall", "F1"],
        [
            [
                score.category,
                f"{trained_on.by_class.get(score.category, 0):,}",
                "" if score.precision is None else f"{score.precision:.1%}",
                "" if score.recall is None else f"{score.recall:.1%}",
                f"{score.f1:.3f}",
            ]
            for score in scores.categories
        ],
        numbers=["texts", "precision", "recall", "F1"],
    )
    judged = "It is right on" if report.by_people else "It agrees with the model on"
    say(
        "",
        f"{judged} {scores.accuracy:.1%} of the texts when it has not seen them (95% interval {scores.interval.low:.1%} to "
        f"{scores.interval.high:.1%}); macro-F1 {scores.macro_f1:.3f}, expected calibration error {report.calibration.error:.3f}.",
    )
    if trained_on.set_aside:
        say(f"{counted(len(trained_on.set_aside), 'label')} set aside as probably wrong.")
    if trained_on.left_out:
        say(f"{trained_on.left_out:,} texts were beyond the most that a model is trained on.")
    if trained_on.contradicting:
        say(f"{trained_on.contradicting:,} texts were left out: their labels contradict each other.")
