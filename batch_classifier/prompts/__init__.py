"""Prompt files: their schema, how they are loaded, rendered and versioned; nothing that depends on who answers."""
