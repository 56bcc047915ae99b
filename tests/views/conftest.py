"""What every medium shows of views: real JupyterLab, Notebook 7, nbconvert, and what GitHub lets through."""

import html
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bleach
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import Browser, Page

from enmeshed_nb import Journal
from enmeshed_nb.connector import ApiError, Connector
from enmeshed_nb.content import AuthenticationRequestItem, ConsentRequestItem, Request, RequestItemGroup
from enmeshed_nb.guide import wait_for_request, wait_for_status
from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.network import Network
from enmeshed_nb.widgets import (
    Curtain,
    DecisionForm,
    Exchanges,
    Exercise,
    Journey,
    NetworkStatus,
    PeerChooser,
    Playground,
    Predict,
    ProblemView,
    ProgressView,
    RequestComposer,
    ResponseView,
    Stage,
    StepView,
    SummaryView,
)
from enmeshed_nb.widgets.panel import Panel
from enmeshed_nb.widgets.view import View
from tests.browser.conftest import browser, write_settings  # noqa: F401
from tests.conftest import ROOT, closed_port, end, until
from tools.notebooks import METADATA

FOLDER = Path(os.environ.get("VIEWS_OF", ROOT / "notebooks"))
"""The executed notebooks whose outputs are looked at: the stored ones, or those in `$VIEWS_OF`."""
SCREENSHOTS = ROOT / "build" / "screenshots" / "views"
WIDTHS = (1366, 760, 390)

GITHUB_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q s "
        "samp small span strong sub summary sup table tbody td tfoot th thead tr ul var",
    )
)
GITHUB_ATTRIBUTES = ["align", "alt", "border", "colspan", "height", "open", "rowspan", "src", "title", "width"]


def github(shown: str) -> str:
    """Return what GitHub lets through of HTML: no style, neither as an element nor as an attribute, no class, no id."""
    without_style = re.sub(r"<(style|script)\b.*?</\1>", "", shown, flags=re.DOTALL)
    return bleach.clean(
        without_style, GITHUB_TAGS, {"*": GITHUB_ATTRIBUTES}, protocols={"http", "https", "data"}, strip=True
    )


def words(shown: str) -> str:
    """Return the text of HTML, without its styles and without what stands in a picture."""
    text = re.sub(r"<(style|script|svg)\b.*?</\1>", "", shown, flags=re.DOTALL)
    return "".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())


@dataclass(frozen=True)
class Shown:
    """An output in HTML.

    Attributes:
        name: where it comes from.
        html: as it is stored.
    """

    name: str
    html: str


def stored() -> list[Shown]:
    """Return every stored output that is HTML."""
    found = []
    for path in sorted(FOLDER.glob("*.ipynb")):
        for number, cell in enumerate(nbformat.read(path, as_version=4).cells):
            for output in cell.get("outputs", []):
                if "text/html" in output.get("data", {}):
                    found.append(Shown(f"{path.stem[:2]}-{number:02}", output.data["text/html"]))
    return found


def notebook_of(outputs: list[Shown]) -> Any:
    """Return a notebook that shows outputs, each below its name."""
    cells = []
    for each in outputs:
        output = new_output("execute_result", {"text/html": each.html, "text/plain": each.name}, execution_count=1)
        cells.append(new_code_cell(f"# {each.name}", outputs=[output], execution_count=1))
    return new_notebook(cells=cells, metadata=METADATA)


class Server:
    """A Jupyter server whose user has trusted no notebook yet."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.folder, self._port, self._token = folder, closed_port(), secrets.token_hex(8)
        write_settings(folder / "settings")
        own = {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "JUPYTER_DATA_DIR": str(folder / "data")}
        self._log = (folder / "server.log").open("w")
        jupyter = ["--allow-root", f"--ServerApp.port={self._port}", f"--IdentityProvider.token={self._token}"]
        options = [f"--port={self._port}"] if command[0] == "voila" else jupyter
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command, "--no-browser", *options],
            cwd=folder,
            env={**os.environ, **own},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        until(lambda: "is running at" in (folder / "server.log").read_text(), timeout=90, what=f"{command[0]} runs")

    def url(self, path: str) -> str:
        """Return where something is."""
        return f"http://localhost:{self._port}/{path}?token={self._token}&reset"

    def close(self) -> None:
        """End it."""
        end(self._process)
        self._log.close()


@pytest.fixture(scope="session")
def outputs(network: LocalNetwork, _parties: tuple[Connector, Connector]) -> list[Shown]:
    """Every stored output that is HTML (notebook 02 alone has more than a dozen), and every view, made anew."""
    found = stored()
    assert len(found) > 40
    made = views(network, *_parties)
    classes = {*View.__subclasses__(), *Panel.__subclasses__()}
    assert {type(each) for each in made} == {each for each in classes if each.__module__.startswith("enmeshed_nb.")}
    return found + [Shown(f"new-{type(each).__name__}", each._repr_mimebundle_()["text/html"]) for each in made]


def views(network: LocalNetwork, sender: Connector, recipient: Connector) -> list[View | Panel]:
    """Return views of each class, of a Request that has all that is hard to show."""
    peer = recipient.account.identity_info().address
    long = AuthenticationRequestItem(title="Donaudampfschifffahrtsgesellschaftskapitän" * 3, must_be_accepted=True)
    group = RequestItemGroup(
        title="About you", items=[ConsentRequestItem(consent="Yes. " * 60, must_be_accepted=False)]
    )
    request = Request(title="Membership", description="What we would like to know. " * 8, items=[long, group])
    with Journal(sender, recipient) as journal:
        sender.requests.outgoing.validate(request, sender.account.identity_info().address)
        composer = RequestComposer(sender, peer, request=request)
        wrong = RequestComposer(sender, sender.account.identity_info().address, request=request)
        created = sender.requests.outgoing.create(request, peer)
        message = sender.messages.send(peer, created.content)
        incoming = wait_for_request(recipient, message.id)
        form = DecisionForm(recipient, incoming)
        form.problem.show("The Recipient does not answer.")
        try:
            recipient.requests.incoming.accept(incoming.id, [])
        except ApiError as error:
            refused = ProblemView(error)
        recipient.requests.incoming.accept(incoming.id, [{"accept": True}, {"items": [{"accept": False}]}])
        done = wait_for_status(sender.requests.outgoing, created.id, "Completed", sync=sender)
        guess = Predict("Which status has the Request at the Sender?", ("Open", "Decided", "Completed"))
        both = Network(sender, recipient, network)
        exercise = Exercise("02-b", both)
        playground = Playground(both, request)
        playground.play_through()
        return [
            NetworkStatus(both),
            PeerChooser(sender),
            composer,
            wrong,
            form,
            DecisionForm(recipient, recipient.requests.incoming.get(incoming.id)),
            Curtain(both, message.id),
            ResponseView(done),
            Journey(journal, created.id),
            Exchanges(journal.exchanges),
            StepView(journal, created.id),
            Stage(journal),
            SummaryView(journal, done, created),
            refused,
            guess,
            guess.compare(done.status, "The Sender has synchronised, and the Response was there."),
            exercise,
            exercise.check(),
            ProgressView(both.progress),
            playground,
        ]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Any]:  # noqa: F811
    """Open a wide page in the light or the dark scheme of the system."""
    pages: list[Page] = []

    def open_it(theme: str) -> Page:
        page = browser.new_page(viewport={"width": WIDTHS[0], "height": 2400}, color_scheme=theme)
        page.set_default_timeout(60_000)
        pages.append(page)
        return page

    yield open_it
    for page in pages:
        page.close()
