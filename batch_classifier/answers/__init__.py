"""From a model's answers to classes, one for every request: reading, matching and choosing them; who answers and when it is asked again lives elsewhere."""
