"""A blocking check that was skipped with its asset is nothing to warn of.

While a job is on its way, or the cascade's sample is, a run ends without batch_job's output: `classifications` is skipped, its checks are, and so is
what follows. Dagster (1.13) logs for each step that follows that a blocking check "emitted no result" and that the step "will proceed without
gating on it", before it skips the step. What these checks return is always a result, so the words are never true here.
"""

import logging

PLAN_LOGGER = "dagster._core.execution.plan.active"
_BEGINNING = "Blocking asset check "


def tell_nothing_of_skipped_checks() -> None:
    """Leave the warning out of this process's logs, whoever calls it and how often; another warning of the same logger stays."""
    logging.getLogger(PLAN_LOGGER).addFilter(_is_told)


def _is_told(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    return not (message.startswith(_BEGINNING) and "emitted no result" in message)
