"""Readers of file formats: from bytes to rows of text, in bounded memory; what the columns mean is not known here."""
