"""Labelled sample texts, made up at random from a seed."""
