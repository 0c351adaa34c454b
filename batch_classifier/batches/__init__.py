"""From texts to batches: which texts a request file still needs, and their JSONL files; sending them is for `jobs`."""
