"""JupyterLab in Chromium, as a person sees and uses it."""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from enmeshed_nb.connector import Connector
from enmeshed_nb.guide import establish_relationship
from enmeshed_nb.localnet import LocalNetwork
from tests.conftest import ROOT, closed_port, end, until
from tools.bootstrap import chromium

PATIENCE = 30_000  # milliseconds
SCREENSHOTS = ROOT / "build" / "screenshots"
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none", "autosaveInterval": 0},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "apputils-extension/themes": {"adaptive-theme": True},
}
"""JupyterLab's settings: among others, its theme is the light or dark one as the window's `color_scheme` is."""
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. If there is none, the tests fail and say what to install."""
    executable = chromium()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu", "--disable-component-update"]
        )
        yield launched
        launched.close()


def write_settings(folder: Path) -> None:
    """Write JupyterLab's settings, as files of a folder."""
    for name, values in SETTINGS.items():
        file = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))


def change_theme(page: Page, theme: str) -> None:
    """Let a page of Jupyter have its light or its dark theme."""
    page.emulate_media(color_scheme=theme)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", str(theme == "light").lower())


class Lab:
    """A JupyterLab on a working copy of the notebooks, started by `enmeshed-nb lab`, with a network of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data_dir = folder, folder / "network"
        write_settings(folder / "settings")
        self._token, self._port = secrets.token_hex(8), closed_port()
        self._log = (folder / "lab.log").open("w")
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "enmeshed_nb.cli", "lab", "--data-dir", str(self.data_dir), "--no-browser"),
                *(
                    "--notebooks-dir",
                    str(folder / "work"),
                    f"--ServerApp.port={self._port}",
                    f"--IdentityProvider.token={self._token}",
                ),
            ],
            env={**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        until(lambda: "is running at" in (folder / "lab.log").read_text(), timeout=90, what="JupyterLab runs")

    def url(self, notebook: str) -> str:
        """Return where a notebook is."""
        return f"http://localhost:{self._port}/lab/tree/notebooks/{notebook}?token={self._token}&reset"

    def network(self) -> LocalNetwork:
        """Join the network."""
        return LocalNetwork.open(self.data_dir)

    def close(self) -> None:
        """End JupyterLab, and so the network."""
        end(self._process)
        self._log.close()


class Notebook:
    """A notebook in JupyterLab."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        page.goto(lab.url(name))
        stored = nbformat.read(lab.folder / "work" / "notebooks" / name, as_version=4)
        cells = sum(cell.cell_type == "code" for cell in stored.cells)
        expect(page.locator(".jp-CodeCell .cm-content")).to_have_count(cells, timeout=90_000)
        self.wait_for_kernel()
        self.clear()

    def clear(self) -> None:
        """Clear all outputs, so that a prompt with a number means: executed since."""
        self.page.get_by_role("menuitem", name="Edit", exact=True).click()
        self.page.get_by_role("menuitem", name="Clear Outputs of All Cells").click()
        expect(self.page.locator(".jp-CodeCell .jp-InputPrompt").first).to_have_text("[ ]:")

    def wait_for_kernel(self) -> None:
        """Wait until the kernel runs and has nothing to do."""
        expect(self.page.locator("#jp-main-statusbar")).to_contain_text(
            re.compile(r"ipykernel\) \| Idle"), timeout=90_000
        )

    def code_cell(self, words: str) -> Locator:
        """Return the code cell whose source holds *words*."""
        source = self.page.locator(".jp-CodeCell").filter(has=self.page.locator(".jp-InputArea-editor", has_text=words))
        return source.first

    def run(self, words: str) -> Locator:
        """Run a code cell by Shift+Enter, wait until it is done, and return its output."""
        cell = self.code_cell(words)
        cell.locator(".jp-InputArea-editor").scroll_into_view_if_needed()
        cell.locator(".cm-content").click()
        before = cell.locator(".jp-InputPrompt").inner_text()
        self.page.keyboard.press("Shift+Enter")
        expect(cell.locator(".jp-InputPrompt")).not_to_have_text(before)
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)
        return cell.locator(".jp-OutputArea").first

    def run_through(self, last: str) -> None:
        """Run the code cells from the first to the one whose source holds *last*."""
        cells = self.page.locator(".jp-CodeCell")
        for index in range(cells.count()):
            cell = cells.nth(index)
            cell.locator(".cm-content").click()
            before = cell.locator(".jp-InputPrompt").inner_text()
            self.page.keyboard.press("Shift+Enter")
            expect(cell.locator(".jp-InputPrompt")).not_to_have_text(before)
            expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"), timeout=60_000)
            if last in cell.locator(".cm-content").inner_text():
                return
        raise AssertionError(f"no cell with {last!r}")

    def restart_kernel(self) -> None:
        """Restart the kernel by the menu, as a person does."""
        self.page.get_by_role("menuitem", name="Kernel", exact=True).click()
        self.page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()
        self.wait_for_kernel()
        self.clear()

    def screenshot(self, name: str, shown: Locator | None = None) -> None:
        """Keep a picture in `build/screenshots`."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        (shown or self.page).screenshot(path=SCREENSHOTS / f"{name}.png")


def started(folder: Path) -> Lab:
    """Return a JupyterLab on whose network the Relationship is established."""
    lab = Lab(folder)
    with lab.network() as network:
        states = [network.state.connector(name) for name in ("sender", "recipient")]
        sender, recipient = (Connector(each.url, each.api_key, name=each.name) for each in states)
        with sender, recipient:
            establish_relationship(sender, recipient)
    return lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, and a network."""
    opened = started(tmp_path_factory.mktemp("lab"))
    yield opened
    opened.close()


@pytest.fixture
def open_notebook(browser: Browser) -> Iterator[Any]:
    """Open a notebook of a JupyterLab in a new window of a given width."""
    pages = []

    def open_it(lab: Lab, name: str, width: int = 1366) -> Notebook:
        page = browser.new_page(
            viewport={"width": width, "height": 1400}, permissions=["clipboard-read", "clipboard-write"]
        )
        page.set_default_timeout(PATIENCE)
        pages.append(page)
        return Notebook(page, lab, name)

    yield open_it
    for page in pages:
        page.close()
