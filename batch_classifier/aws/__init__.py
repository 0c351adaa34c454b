"""Clients of AWS and what it refuses, in plain words: nothing here knows what they are used for."""
