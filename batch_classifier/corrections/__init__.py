"""Corrections: what people say a text's class is, brought in from files, listed, exported, withdrawn, and used as labels."""
