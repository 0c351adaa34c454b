"""Dagster's shell and nothing else: assets, checks, sensors, schedules and resources, each a thin border around a function of the core."""
