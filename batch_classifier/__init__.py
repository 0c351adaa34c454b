"""Turns piles of free text into trusted categories: from request files to classes, reasons, tables and files."""
