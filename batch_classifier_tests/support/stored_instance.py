"""A Dagster instance on the disk, as sensors need it, whose event log is one file."""

from pathlib import Path

import dagster as dg

from batch_classifier_tests.support.quick_storage import quick


def stored_instance_in(folder: Path) -> dg.DagsterInstance:
    """A Dagster instance in this folder; it is closed as a context manager.

    Dagster's usual event log makes a database for each run, and its tables with migrations, which takes longer than most runs of
    a test. The one in a single file keeps the same events and answers the same questions. What the usual one does is tested
    with the project's own (`defs/test_event_log.py`, `defs/run_launcher/`) and by commands and daemons in processes of their own.
    """
    one_file = {
        "module": "dagster._core.storage.event_log",
        "class": "ConsolidatedSqliteEventLogStorage",
        "config": {"base_dir": str(folder / "history")},
    }
    return quick(dg.DagsterInstance.local_temp(str(folder), overrides={"event_log_storage": one_file}))
