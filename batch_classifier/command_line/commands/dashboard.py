"""`batch-classifier dashboard`: pages for the people who have the texts."""

from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code

application = typer.Typer()


@application.command(
    help="The dashboard in the browser: classify files, look at classes, read and correct texts.\n\n"
    "Example: batch-classifier dashboard --port 8502"
)
@ends_with_exit_code
def dashboard(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on; by default BATCH_CLASSIFIER_DASHBOARD_HOST.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option("--port", min=1, max=65_535, help="Port; by default BATCH_CLASSIFIER_DASHBOARD_PORT, 8501."),
    ] = None,
) -> int:
    """Start it at this address, and stay until it is interrupted."""
    from batch_classifier.command_line.dashboard import start_dashboard

    return start_dashboard(host, port)
