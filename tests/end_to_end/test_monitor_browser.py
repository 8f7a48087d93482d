"""The page at /monitor in headless Chromium, behind the real guards: figures, alarms, keys, small screens."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette

from bakeoff.corpus.sqlite_store import SqliteStore
from bakeoff.learn.monitor import server as server_module
from bakeoff.learn.monitor.monitor import Monitor
from bakeoff.learn.monitor.server import MonitorOfServer
from bakeoff.records import Document
from bakeoff.serve.guard.bearer import holder_of
from bakeoff.serve.guard.guarded import access_of, guarded
from bakeoff.serve.keys import KeyFile
from bakeoff.serve.log import Log
from bakeoff.serve.openai.routes import exception_handlers
from bakeoff.serve.web.routes import web_routes
from tests.end_to_end.browser import all_of, one_of, show, started, wait
from tests.serving import running
from tests.unit.test_monitor import used
from tests.unit.used import NOW, ago, deployed

from selenium import webdriver  # isort: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    yield from started()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Log]]:
    """A deployment that was used, with a new topic in the last full week."""
    folder = tmp_path_factory.mktemp("monitor")
    root = deployed(folder / "deployments" / "shop", folder / "run")
    with SqliteStore(root / "store.sqlite") as store:
        store.upsert([Document(id="a", text="x", source="a.md", updated_at=ago(20))])
    with Log(root / "log.sqlite") as log:
        used(log, 100)
        yield root, log


@pytest.fixture
def server(shop: tuple[Path, Log], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, KeyFile]]:
    """Its address and its keys, none at first. It is the day of the log."""
    at_that_time = lambda root, log, **more: _Then(Monitor(root, log, **more))  # noqa: E731
    monkeypatch.setattr(server_module, "Monitor", at_that_time)
    keys = KeyFile(tmp_path / "keys.json")
    holder = lambda request: holder_of(request.scope)  # noqa: E731
    routes = [*web_routes(), *MonitorOfServer().routes(*shop, holder)]
    app = guarded(Starlette(routes=routes, exception_handlers=exception_handlers()), access_of("127.0.0.1", keys))
    with running(app) as url:
        yield url, keys


class _Then:
    """A monitor on the day of the log."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    def snapshot(self):
        return self._monitor.snapshot(NOW)


def loaded(browser: webdriver.Chrome) -> None:
    wait(browser, lambda: all_of(browser, "svg"))


def complaints(browser: webdriver.Chrome) -> list[str]:
    """What the console says: a style or script that the policy forbids, a file that is missing."""
    return [line["message"] for line in browser.get_log("browser")]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "light"), (320, "dark")])
def test_figures_fit_any_screen(browser, server, width, scheme):
    """Charts, alarms and topics, nothing beyond the edge, nothing that the server's own policy forbids."""
    browser.get_log("browser")
    show(browser, f"{server[0]}/monitor", width, scheme)
    loaded(browser)
    assert "coverage" in one_of(browser, ".alarms").text and "printer" in one_of(browser, "#figures").text
    assert len(all_of(browser, "svg")) >= 4 and all(svg.get_attribute("aria-label") for svg in all_of(browser, "svg"))
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert complaints(browser) == []


def test_a_key_is_asked_for_and_one_that_may_not_see_it_is_told(browser, server):
    """The page itself holds nothing."""
    url, keys = server
    limited, full = keys.add("staff", ["staff"]), keys.add("boss", None, manages=True)
    show(browser, f"{url}/monitor", 320)
    wait(browser, lambda: one_of(browser, "#key-form").is_displayed())
    assert not all_of(browser, "svg") and "Reading" not in one_of(browser, "#figures").text
    asked = one_of(browser, "#key-dialog").text
    assert "One that manages and sees all documents" in asked and "Bearer" not in one_of(browser, "body").text
    one_of(browser, "#key-cancel").click()
    wait(browser, lambda: all_of(browser, ".problem-note"))
    note = one_of(browser, "#figures").text
    assert "This page needs a key that manages and sees all documents." in note and "Bearer" not in note
    one_of(browser, ".problem-note button").click()
    wait(browser, lambda: one_of(browser, "#key-form").is_displayed())
    field, button = one_of(browser, "#key"), one_of(browser, "#key-form button[type='submit']")
    field.send_keys(limited)
    button.click()
    wait(browser, lambda: "others ask" in one_of(browser, "#key-problem").text)
    field.send_keys(full)
    button.click()
    loaded(browser)
    assert not one_of(browser, "#key-form").is_displayed()
