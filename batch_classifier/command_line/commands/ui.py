"""`batch-classifier ui`: Dagster's web interface and daemon."""

from typing import Annotated

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code

application = typer.Typer()


@application.command(
    help="Start the Dagster UI, with sensors and schedules running.\n\nExample: batch-classifier ui --port 3001"
)
@ends_with_exit_code
def ui(
    host: Annotated[
        str | None,
        typer.Option("--host", help="The address to listen on; else BATCH_CLASSIFIER_UI_HOST, or 127.0.0.1."),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65_535, help="Its port; else BATCH_CLASSIFIER_UI_PORT, or 3000.")
    ] = None,
) -> int:
    """Run until it is interrupted; 1 when it cannot start."""
    from batch_classifier.command_line.ui import start_ui

    return start_ui(host, port)
