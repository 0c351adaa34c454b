"""The dashboard: pages in the browser for the people who have the texts. Thin over `insights`, `corrections` and the command `classify`."""
