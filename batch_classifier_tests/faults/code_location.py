"""What Dagster's own processes load in place of the product's code location: the same, with the stop that the suite has asked for."""

from batch_classifier.definitions import load_definitions
from batch_classifier_tests.faults.command import prepare

prepare()
defs = load_definitions()
