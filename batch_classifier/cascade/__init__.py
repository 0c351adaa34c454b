"""The cascade: which texts of a file the local model answers and which the model, so that a number that the team chose holds."""
