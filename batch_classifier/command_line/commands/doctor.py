"""`batch-classifier doctor`: a verdict for each part of the deployment."""

import typer

from batch_classifier.command_line.exit_codes import ends_with_exit_code
from batch_classifier.command_line.terminal import say

application = typer.Typer()


@application.command(
    help="Check a deployment: credentials, buckets, queue, role, models, tables.\n\nExample: batch-classifier doctor"
)
@ends_with_exit_code
def doctor() -> int:
    """Show a verdict for each part of the deployment; 1 when one fails."""
    from batch_classifier.deployment.doctor import check_deployment, report
    from batch_classifier.settings import load_settings

    verdicts = check_deployment(load_settings())
    say(*report(verdicts).split("\n"))
    return 1 if any(verdict.status == "fail" for verdict in verdicts) else 0
