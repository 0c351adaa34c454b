"""Who is not signed in reads nothing, by whatever way; who is corrects under that name. With a provider of OpenID Connect on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from batch_classifier_tests.support.dashboard import Visit, free_port, served, visiting
from batch_classifier_tests.support.project import Project

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "a long word that nobody else knows"
client_id = "dashboard"
client_secret = "its own word"
server_metadata_url = "http://127.0.0.1:{provider}/.well-known/openid-configuration"
"""
# What stands in texts, names of files, and classes of the looked-at tables.
READABLE = (b"charged", b"flight", b"a.csv", b"Billing")
VIEW = "/texts?prompt=tickets&file=a.csv"
PAGES = [f"{name}_page" for name in ("new_file", "overview", "texts", "review", "quality", "cost")]
OTHERS = ("/", "/review?prompt=tickets", "/quality", "/cost", "/new_file")


@pytest.fixture(scope="module")
def address(project: Project, browser: "Browser") -> Iterator[str]:
    """Where the dashboard is, with sign-in."""
    from oidc_provider_mock import User, run_server_in_thread

    folder, port = Path(project.home).parent, free_port()
    (folder / ".streamlit").mkdir()
    with run_server_in_thread(
        user_claims=[User(sub="7", claims={"email": "anna@example.org", "name": "Anna"})]
    ) as provider:
        secrets = SECRETS.format(port=port, provider=provider.server_port)
        (folder / ".streamlit" / "secrets.toml").write_text(secrets, encoding="utf-8")
        with served(folder, port) as at:
            yield at


@pytest.fixture
def visit(browser: "Browser", address: str) -> Iterator[Visit]:
    """A person whose browser knows nobody yet."""
    with visiting(browser, address) as one:
        yield one


def told_by_websocket(visit: Visit) -> list[bytes]:
    """What the browser is told from now on, message by message."""
    told: list[bytes] = []

    def keep(message: bytes | str) -> None:
        told.append(message if isinstance(message, bytes) else message.encode())

    visit.page.on("websocket", lambda opened: opened.on("framereceived", keep))
    return told


def read_in(told: list[bytes]) -> list[bytes]:
    """Which of the words that nobody else may read are in these messages."""
    return [word for word in READABLE if any(word in message for message in told)]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_asks_who_comes_to_sign_in(page: str) -> None:
    """Without a browser, on the very pages that are served."""
    app = AppTest.from_function(_framed_page, args=(page,))
    app.secrets["auth"] = {"client_id": "dashboard"}
    app.run(timeout=60)
    assert not app.exception and [button.label for button in app.button] == ["Sign in"]
    assert [title.value for title in app.title] == ["Batch Classifier"]


def _framed_page(name: str) -> None:
    from importlib import import_module

    from batch_classifier.dashboard.frame import framed

    framed(import_module(f"batch_classifier.dashboard.{name}").show)()


@pytest.mark.long
def test_nothing_is_read_before_and_a_correction_has_the_name(visit: Visit, project: Project) -> None:
    told = told_by_websocket(visit)
    visit.go(VIEW, "Batch Classifier")
    assert told and not read_in(told)
    visit.page.get_by_role("button", name="Sign in").click()
    visit.page.get_by_role("button", name="Deny").click()
    visit.heading("Batch Classifier")
    visit.page.get_by_role("button", name="Sign in").click()
    visit.page.get_by_role("button", name="7", exact=True).click()
    # The view that was asked for, though whoever signs in comes back to the root.
    visit.heading("Texts")
    assert visit.page.url.startswith(f"{visit.address}/texts?") and "file=a.csv" in visit.page.url
    assert read_in(told), "the words are those that a page shows"

    visit.go("/review?prompt=tickets&queue=Low+confidence&file=a.csv", "Review")
    visit.has("Signed in as anna@")
    visit.page.keyboard.press("2")
    visit.has("1 verdict.")
    (said,) = project.query("select who from tickets.corrections")
    assert said["who"] == "anna@example.org"

    visit.page.get_by_role("button", name="Sign out").click()
    visit.page.get_by_role("button", name="End session").click()
    visit.heading("Batch Classifier")
    told.clear()
    visit.go(VIEW, "Batch Classifier")
    assert told and not read_in(told)


@pytest.mark.long
def test_no_page_shows_anything_to_others(visit: Visit) -> None:
    told = told_by_websocket(visit)
    for page in OTHERS:
        visit.go(page, "Batch Classifier")
        visit.page.get_by_role("button", name="Sign in").wait_for()
    assert told and not read_in(told)
