"""An evaluation on the terminal: the variants side by side, what comparing them says, and each one's categories."""

from batch_classifier.command_line.tables import print_table
from batch_classifier.command_line.terminal import say
from batch_classifier.evaluation.evaluation import NO_CLASS, Evaluation
from batch_classifier.evaluation.measurement import Measurement
from batch_classifier.evaluation.page import shown_share, summary_rows
from batch_classifier.wording import counted

# So many kinds of confusion are told; the page has all.
_CONFUSIONS = 10


def print_evaluation(evaluation: Evaluation) -> None:
    """Show it, and what could not be measured."""
    say("", f"{counted(evaluation.texts, 'labelled text')} of {evaluation.file}.", *evaluation.notes, "")
    titles = [measured.title for measured in evaluation.measurements]
    print_table(["", *titles], [[name, *values] for name, values in summary_rows(evaluation)], numbers=titles)
    for measured in evaluation.measurements:
        _print_categories(measured)
    for verdict in evaluation.verdicts:
        say("", verdict.sentence)
    for failed in evaluation.failed:
        say(f"Error: {failed.title}: {failed.reason}", is_error=True)


def _print_categories(measured: Measurement) -> None:
    say("")
    numbers = ["expected", "given", "precision", "recall", "F1"]
    print_table(
        [measured.title, *numbers],
        [
            [
                score.category,
                f"{score.expected:,}",
                f"{score.given:,}",
                shown_share(score.precision),
                shown_share(score.recall),
                shown_share(score.f1),
            ]
            for score in measured.scores.categories
        ],
        numbers=numbers,
    )
    wrong = sorted(
        (
            (-texts, row.expected, name or NO_CLASS)
            for row in measured.scores.confusion
            for name, texts in row.given.items()
            if texts and name != row.expected
        ),
    )
    if wrong:
        say("")
        print_table(
            ["expected", "but given", "texts"],
            [[expected, name, f"{-texts:,}"] for texts, expected, name in wrong[:_CONFUSIONS]],
            numbers=["texts"],
        )
    if len(wrong) > _CONFUSIONS:
        say(f"And {len(wrong) - _CONFUSIONS:,} more such pairs; --page shows them all.")
