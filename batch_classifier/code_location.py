"""What workspace.yaml names: the definitions of this process, built when the module is loaded."""

from batch_classifier.definitions import load_definitions

defs = load_definitions()
