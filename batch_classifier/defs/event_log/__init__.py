"""Dagster's event log, quick also with thousands of request files, and waits that are told; the only place that rests on Dagster's private parts."""
