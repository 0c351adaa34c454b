"""The command `batch-classifier` for people at a terminal: arguments in, sentences and tables out; what a command does lives in the other folders."""
