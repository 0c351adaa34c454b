"""Tests of what is masked before a text leaves."""
