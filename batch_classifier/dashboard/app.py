"""What Streamlit runs: the frame of the pages. Start it with `batch-classifier dashboard`."""

from collections.abc import Callable

import streamlit as st

from batch_classifier.dashboard import cost_page, new_file_page, overview_page, quality_page, review_page, texts_page
from batch_classifier.dashboard.filters import chosen_page
from batch_classifier.dashboard.frame import framed, page_icon

# The page's name in its address, its title, its sign and what shows it.
PAGES: dict[str, tuple[str, str, Callable[[], None]]] = {
    "new_file": ("New file", ":material/upload_file:", new_file_page.show),
    "overview": ("Overview", ":material/bar_chart:", overview_page.show),
    "texts": ("Texts", ":material/article:", texts_page.show),
    "review": ("Review", ":material/rate_review:", review_page.show),
    "quality": ("Quality", ":material/target:", quality_page.show),
    "cost": ("Cost", ":material/payments:", cost_page.show),
}
# Shown at the root.
FIRST = "overview"


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Batch Classifier", page_icon=page_icon(), layout="wide")
    pages = {
        name: st.Page(framed(show), title=title, icon=icon, url_path=name, default=name == FIRST)
        for name, (title, icon, show) in PAGES.items()
    }
    page = st.navigation(list(pages.values()))
    if (chosen := chosen_page()) is not None:
        st.switch_page(pages[chosen])
    page.run()


main()
