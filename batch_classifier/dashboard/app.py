"""What Streamlit runs: the frame of the pages. Start it with `batch-classifier dashboard`."""

import importlib
import threading
import time
from functools import partial

import streamlit as st

from batch_classifier.dashboard.filters import chosen_page
from batch_classifier.dashboard.frame import framed, page_icon

# A page's name in its address, which is also the name of its module, with its title and its sign.
PAGES = {
    "new_file": ("New file", ":material/upload_file:"),
    "overview": ("Overview", ":material/bar_chart:"),
    "texts": ("Texts", ":material/article:"),
    "review": ("Review", ":material/rate_review:"),
    "quality": ("Quality", ":material/target:"),
    "cost": ("Cost", ":material/payments:"),
}
# Shown at the root.
FIRST = "overview"
# The first page is drawn and sent by then.
_SECONDS_UNTIL_OTHERS = 3.0


def main() -> None:
    """Draw the page that the address names."""
    st.set_page_config(page_title="Batch Classifier", page_icon=page_icon(), layout="wide")
    pages = {
        name: st.Page(framed(partial(_show, name), name), title=title, icon=icon, url_path=name, default=name == FIRST)
        for name, (title, icon) in PAGES.items()
    }  # fmt: skip
    page = st.navigation(list(pages.values()))
    if (chosen := chosen_page()) is not None:
        st.switch_page(pages[chosen])
    page.run()
    _get_ready()


def _show(name: str) -> None:
    importlib.import_module(f"batch_classifier.dashboard.{name}_page").show()


@st.cache_resource(show_spinner=False)
def _get_ready() -> None:
    """Import what the other pages need once the first one is there: together they take twice as long as that one."""
    threading.Thread(target=_import_others, name="imports", daemon=True).start()


def _import_others() -> None:
    time.sleep(_SECONDS_UNTIL_OTHERS)
    for module in (*(f"batch_classifier.dashboard.{name}_page" for name in PAGES), "scipy.special"):
        importlib.import_module(module)


main()
