"""Links from Dagster's pages to the dashboard's page of the same request file."""

from dataclasses import dataclass
from urllib.parse import urlencode

import dagster as dg

# The resource's name.
DASHBOARD_LINKS = "dashboard_links"


@dataclass(frozen=True)
class DashboardLinks:
    """Where the dashboard is.

    Attributes:
        address: as a browser takes it, without a slash at its end.
    """

    address: str

    def metadata(self, prompt: str, request_file: str) -> dict[str, dg.MetadataValue]:
        """The link to one file's overview, as an asset shows it."""
        query = urlencode({"prompt": prompt, "file": request_file})
        return {"dashboard": dg.MetadataValue.url(f"{self.address}/?{query}")}
