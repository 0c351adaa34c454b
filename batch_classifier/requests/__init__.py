"""From a dropped file to requests: finding files, reading their rows and telling which can be used; no row is lost on the way."""
