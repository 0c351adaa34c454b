"""`batch-classifier demo`: a sample file, made and classified."""

from pathlib import Path

from batch_classifier.command_line.classify import classify_file
from batch_classifier.command_line.terminal import say
from batch_classifier.sample_data.generate import write_sample
from batch_classifier.settings import load_settings

ROWS, SEED = 2_000, 7


def run_demo() -> int:
    """Make the sample file unless it is there, classify it, and say what to try next."""
    settings = load_settings()
    file = settings.home / "sample" / "sample_calls.csv"
    if file.is_file():
        say(f"The sample file is there already: {file}.")
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_sample("travel", ROWS, SEED, file)
        say(f"{ROWS:,} sample calls are in {file}.")
    code = classify_file(file, "travel")
    if code == 0:
        # In the repository the Makefile has set up an environment of its own; elsewhere the person's is in use.
        in_repository = Path("Makefile").is_file() and Path("batch_classifier").is_dir()
        user_interface, command = (
            ("make ui", ".venv/bin/batch-classifier") if in_repository else ("dagster dev", "batch-classifier")
        )
        dashboard = "make dashboard" if in_repository else "batch-classifier dashboard"
        say("", "Next:")
        say(f"  {user_interface:<43}the Dagster UI; drop files into data/input_data/travel/")
        say(f"  {dashboard:<43}what the texts are about, at http://localhost:{settings.dashboard_port}")
        say(f"  {command} classify FILE --prompt travel")
        say(f"  {command + ' prompts':<43}the prompts; a new file in prompts/ is a new pipeline")
    return code
