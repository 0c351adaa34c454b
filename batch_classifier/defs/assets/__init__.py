"""The assets of a prompt, one file each: what Dagster shows of them and which function of the core makes them."""
