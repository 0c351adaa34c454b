"""The AWS deployment: its stack is made, changed, removed and checked here; nothing that a run needs lives here."""
