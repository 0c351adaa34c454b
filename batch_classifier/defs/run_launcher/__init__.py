"""How the runs of a Dagster on this machine get their processes; what a run does is decided elsewhere."""
