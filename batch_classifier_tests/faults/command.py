"""A command of the product as a person starts it, in a process that the suite can make stand still and whose model calls it counts.

python -m batch_classifier_tests.faults.command classify calls.csv --prompt travel
python -m batch_classifier_tests.faults.command daemon
"""

import os
import sys
from pathlib import Path

from batch_classifier_tests.faults import stops
from batch_classifier_tests.faults.stops import Place, Stage, StandStill

# A text that the local engine was asked about, a line each; several processes add to it.
ASKED = "asked"


def prepare() -> None:
    """What the suite wants of this process, by its variables."""
    folder = Path(os.environ[stops.FOLDER])
    _lose_patience()
    _count_local_calls(folder / ASKED)
    if wanted := os.environ.get(stops.STOP):
        stage, _, place = wanted.partition("/")
        stops.install(Stage(stage), Place(place), StandStill(folder))


def _lose_patience() -> None:
    """The product waits for minutes where nothing is lost by it; here what comes of it is looked at, not the minutes."""
    from batch_classifier.aws import clients
    from batch_classifier.defs.event_log import pool_waits
    from batch_classifier.requests import incoming_file, request_files, s3_events
    from batch_classifier.warehouse import duckdb_file

    clients.RETRIES = {"mode": "standard", "max_attempts": 4}
    clients.FEW_RETRIES = {"mode": "standard", "max_attempts": 3}
    pool_waits.TOLD_AFTER_SECONDS = duckdb_file.TOLD_AFTER_SECONDS = incoming_file.TOLD_AFTER_SECONDS = 0.0
    request_files.SETTLED_SECONDS = 0.0
    s3_events.WAIT_SECONDS = 0


def _count_local_calls(asked: Path) -> None:
    from batch_classifier.inference.local.embeddings import EmbeddingClassifier

    classify = EmbeddingClassifier.classify

    def counting(self: EmbeddingClassifier, texts: list[str]) -> object:
        with asked.open("a", encoding="utf-8") as file:
            file.write("".join(f"{text!r}\n" for text in texts))
        return classify(self, texts)

    EmbeddingClassifier.classify = counting  # type: ignore[method-assign, assignment]


def main() -> None:
    """The command, or the daemon."""
    from batch_classifier.command_line.main import main as command
    from batch_classifier.command_line.process_start import quick_start

    with quick_start():
        prepare()
    if sys.argv[1:] == ["daemon"]:
        from batch_classifier_tests.faults.daemon import main as daemon

        sys.exit(daemon())
    command()


if __name__ == "__main__":
    main()
