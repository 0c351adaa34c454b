"""What is around every page: who is signed in, errors in a sentence, and nothing of Streamlit's own that people have no use for."""

import getpass
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from batch_classifier.dashboard.charts import ACCENT
from batch_classifier.dashboard.plain import sentence
from batch_classifier.errors import ClassifierError

_STYLE = """
<style>
  .block-container {padding-top: 3.2rem; padding-bottom: 4rem; max-width: 1280px}
  [data-testid="stMetricValue"] {font-variant-numeric: tabular-nums}
  [data-testid="stHeading"] h2 {font-size: 1.25rem; padding: 0.5rem 0 0.75rem}
  [data-testid="stCaptionContainer"] {color: inherit; opacity: 0.78}
  [data-testid="stCaptionContainer"] code {color: inherit}
  [data-testid="stText"] {overflow-wrap: anywhere; unicode-bidi: plaintext}
  [data-testid="stCode"] code {font-family: "Source Sans", sans-serif !important; font-size: 1rem !important; white-space: pre-wrap !important; overflow-wrap: anywhere; unicode-bidi: plaintext}
</style>
"""
# Whoever signs in comes back to the root. The browser tab keeps the address that was asked for meanwhile, by which a colleague's view is found.
_KEEP_ADDRESS = """
<script>
  const asked = location.pathname + location.search;
  if (asked !== "/") sessionStorage.setItem("asked_address", asked);
</script>
"""
_TO_KEPT_ADDRESS = """
<script>
  const kept = sessionStorage.getItem("asked_address");
  sessionStorage.removeItem("asked_address");
  if (kept && kept !== location.pathname + location.search) location.replace(location.origin + kept);
</script>
"""


def framed(show: Callable[[], None], name: str = "page") -> Callable[[], None]:
    """A page of this name within the frame."""

    def page() -> None:
        st.html(_STYLE)
        if not is_signed_in():
            return
        try:
            show()
            _foot()
        except ClassifierError as error:
            st.error(sentence(str(error)))

    # Streamlit tells pages apart by their functions' names.
    page.__name__ = page.__qualname__ = name
    return page


@st.cache_resource(show_spinner=False)
def page_icon() -> Any:
    """The sign in the browser's tab, drawn here: one of Streamlit's own signs would be fetched from elsewhere."""
    from PIL import Image, ImageDraw

    size = 64
    image = Image.new("RGBA", (size, size))
    draw = ImageDraw.Draw(image)
    for place, width in enumerate((56, 40, 24)):
        draw.rounded_rectangle((4, 6 + 19 * place, 4 + width, 19 + 19 * place), radius=5, fill=ACCENT)
    return image


def is_signed_in() -> bool:
    """Whether the page may be shown; where sign-in is configured and nobody is signed in, it is offered instead."""
    if not sign_in_is_configured():
        return True
    if st.user.get("is_logged_in"):
        st.html(_TO_KEPT_ADDRESS, unsafe_allow_javascript=True)
        return True
    st.html(_KEEP_ADDRESS, unsafe_allow_javascript=True)
    st.title("Batch Classifier")
    st.write("Sign in to see the texts.")
    if st.button("Sign in", type="primary"):
        st.login()
    return False


def sign_in_is_configured() -> bool:
    """Whether Streamlit's secrets have a section `auth`, by which people sign in (OpenID Connect)."""
    try:
        return "auth" in st.secrets
    except (StreamlitSecretNotFoundError, FileNotFoundError):
        return False


def who() -> str:
    """Who uses the page: the name that was signed in with, else the system's user, who started the dashboard."""
    if sign_in_is_configured():
        for key in ("email", "name", "sub"):
            if value := st.user.get(key):
                return str(value)
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _foot() -> None:
    if sign_in_is_configured():
        st.sidebar.caption(f"Signed in as {sentence(who())}.")
        if st.sidebar.button("Sign out"):
            st.logout()
        return
    st.sidebar.caption("Without sign-in: whoever reaches this page may read the texts.")
