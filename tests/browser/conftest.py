"""Debian's Chromium, and a city served to it."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from accounts.models import User
from tests.people import a_client

CHROMIUM = os.environ.get("RUCHE_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
# Nothing that speaks to the outside, nothing that needs a screen.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """
    One Chromium for a module.

    Not for the session: Playwright's loop, while it stands, keeps pytest from
    running asynchronous tests; and Django must be told that it is not one.
    """
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_context(browser, live_server):
    """
    Open a browser's context on the live server: ``open_context(user, width=360, scheme="dark")``.

    ``live_server`` is WSGI in a thread: pages, not sockets.
    """
    opened: list[BrowserContext] = []

    def opens(user: User | None = None, *, width: int = 1280, scheme: str = "light", **more):
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            locale="fr-FR",
            **more,
        )
        if user is not None:
            context.add_cookies(session_of(user, live_server.url))
        opened.append(context)
        return context

    yield opens
    for context in opened:
        # A page saves its draft when it goes: not while the tables are being emptied.
        context.set_offline(True)
        context.close()


def session_of(user: User, url: str) -> list:
    """The cookies of a browser that is signed in as ``user``."""
    return [
        {"name": name, "value": morsel.value, "url": url}
        for name, morsel in a_client(user).cookies.items()
    ]
