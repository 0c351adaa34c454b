"""Dagster's event log, quick also with thousands of request files; the only place that rests on Dagster's private parts."""
