"""Headless Chromium for the tests of pages: starting it, showing a page at a width and in a colour scheme, finding.

Importing this skips the module that does, where Chromium, its driver or selenium is missing.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("selenium", reason="the browser tests need selenium: pip install 'bakeoff[test]'")
CHROMIUM, DRIVER = Path("/usr/bin/chromium"), shutil.which("chromedriver")
if not CHROMIUM.exists() or DRIVER is None:
    pytest.skip("the browser tests need Debian's chromium and chromium-driver", allow_module_level=True)

from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.remote.webelement import WebElement  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

WAIT_S = 60.0
"""How long a page may take to do what was asked; a page that works takes a second, on a busy machine many."""


def started(with_requests: bool = False) -> Iterator[webdriver.Chrome]:
    """A browser that keeps its console's messages, and on demand each request; it ends with the iteration."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"):
        options.add_argument(flag)
    kept = {"browser": "ALL", "performance": "ALL"} if with_requests else {"browser": "ALL"}
    options.set_capability("goog:loggingPrefs", kept)
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


def show(browser: webdriver.Chrome, address: str, width: int, scheme: str = "light", scripts: bool = True) -> None:
    """Load the page at this width, in this colour scheme, with or without scripts."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
    browser.get("about:blank")
    browser.get(address)


def wait(browser: webdriver.Chrome, condition: Callable[[], Any]) -> Any:
    """What `condition` returns, as soon as it is true of the page."""
    return WebDriverWait(browser, WAIT_S, poll_frequency=0.05).until(lambda _: condition())


def all_of(page: webdriver.Chrome | WebElement, selector: str) -> list[WebElement]:
    return page.find_elements(By.CSS_SELECTOR, selector)


def one_of(page: webdriver.Chrome | WebElement, selector: str) -> WebElement:
    return page.find_element(By.CSS_SELECTOR, selector)


def requested(browser: webdriver.Chrome) -> list[str]:
    """The addresses that were asked for since the last call, also those that were not reached."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [event["params"]["request"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return [request["url"] for request in sent]


def choose(page: webdriver.Chrome, field: str, value: str) -> None:
    """Set a field by its id, as a reader would."""
    page.execute_script(
        "const f = document.getElementById(arguments[0]); f.value = arguments[1];"
        "f.dispatchEvent(new Event('input', {bubbles: true}))",
        field,
        value,
    )
