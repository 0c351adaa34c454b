"""`batch-classifier report`: the figures of a prompt's classifications as a page."""

import datetime
from pathlib import Path

from batch_classifier.command_line.report_files import check_target, write_target
from batch_classifier.command_line.terminal import say
from batch_classifier.errors import ClassifierError
from batch_classifier.insights.report_figures import report_figures
from batch_classifier.insights.report_page import report_page
from batch_classifier.insights.selection import Selection
from batch_classifier.prompts.loading import load_prompts
from batch_classifier.settings import load_settings
from batch_classifier.warehouse.open_warehouse import open_warehouse
from batch_classifier.wording import counted


def write_report(prompt_name: str, since: datetime.date | None, until: datetime.date | None, output: Path) -> int:
    """Write the page; raises ClassifierError where there is nothing to report, or nowhere to write it."""
    if since is not None and until is not None and until < since:
        raise ClassifierError(f"--until {until} is before --since {since}; give a later day.")
    settings = load_settings()
    prompt = load_prompts(settings.prompts).get(prompt_name)
    check_target(output)
    figures = report_figures(open_warehouse(settings), prompt, Selection(since=since, until=until))
    page = report_page(figures, datetime.datetime.now().astimezone())
    write_target(output, page.encode(), settings.file_access)
    say(
        f"{counted(figures.overview.requests, 'request')} of {counted(figures.files, 'file')} are reported in {output}."
    )
    return 0
