"""What is told to people when a run fails, and the ways it takes: no text of a record, no secret; which runs failed is for `defs` to say."""
