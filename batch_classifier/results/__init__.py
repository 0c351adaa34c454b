"""The classifications as files for people: CSV, JSON and XLSX, and where they stand."""
