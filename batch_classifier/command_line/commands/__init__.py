"""One file for each command: its arguments and its help. What it imports beyond that it imports when it is called, so that `--help` is quick."""
