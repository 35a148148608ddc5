"""A browser, and a person in front of it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from marketplace.settings.env import VAR_DIR

from .person import Person

BROWSER, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser there is nothing to look at."""
    if BROWSER and DRIVER:
        return
    if os.environ.get("REQUIRE_BROWSER") == "1":
        raise pytest.UsageError("REQUIRE_BROWSER=1, but there is no chromium with its chromedriver")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="needs chromium and chromedriver"))


@contextmanager
def somebody(site: str) -> Iterator[Person]:
    """A person with an empty browser in front of them, 1440 pixels wide.

    At the end the browser has refused nothing that a page wanted, or the test fails.
    """
    profile = mkdtemp(prefix="browser-")
    options = webdriver.ChromeOptions()
    options.binary_location = str(BROWSER)
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,1000"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={profile}")
    options.add_argument("--lang=en")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        person = Person(driver, site, Path(os.environ.get("SCREENSHOTS", VAR_DIR / "screenshots")))
        yield person
        assert person.refusals() == []
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def person(live_server: Any, settings: Any) -> Iterator[Person]:
    """Somebody in front of the test's own server."""
    settings.ALLOWED_HOSTS = ["*"]
    with somebody(live_server.url) as alone:
        yield alone
