"""The sensors: when Dagster looks for new files, finished jobs and failed runs, and which runs it requests."""
