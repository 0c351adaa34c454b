"""Records, files and texts that are to be forgotten: found in every place, removed from all of them, and noted without their texts."""
