"""How an alert looks, is sent once, and the ways it takes: no text of a record, no secret; what is told is found in `defs/sensors/alerts.py`."""
