"""Build the site: the executed lessons, the reference, the gallery of RequestItems, a journey to replay.

python -m tools.site [--out DIR]      build it, in build/site; a warning is an error

What shows Connectors at work is recorded while it is built, on a local network with the real Runtime.
"""

import argparse
import html
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from enmeshed_nb import Connector, Journal, accept_all, establish_relationship, wait_for_request, wait_for_status
from enmeshed_nb.acceptance import requirements
from enmeshed_nb.connector import LocalRequest
from enmeshed_nb.connector.error_codes import CODES
from enmeshed_nb.content import (
    DeleteAttributeRequestItem,
    FormFieldRequestItem,
    IdentityAttributeQuery,
    ReadAttributeRequestItem,
    Request,
    RequestItem,
    ShareAuthorizationRequestRequestItem,
    ShareCredentialOfferRequestItem,
    since_of,
    walk,
)
from enmeshed_nb.content.model import to_json
from enmeshed_nb.errors import UserError
from enmeshed_nb.guide import Play, Scene, reject_all
from enmeshed_nb.guide.examples import EXAMPLES, Example, ExampleError
from enmeshed_nb.guide.playing import STEPS, Judge, Verdict
from enmeshed_nb.localnet import LocalNetwork
from enmeshed_nb.widgets import DecisionForm, ResponseView
from enmeshed_nb.widgets.stage.stage import shown_state
from enmeshed_nb.widgets.view import STATES
from tools.readme import namespaces

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = ("README.md", "RELIABILITY.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")
BADGE = re.compile(r"\[!\[([^\]]+)\]\(https:[^)]+\)\]")
"""A picture that is a link and comes from elsewhere: on the site its words are the link."""
IMPORT = 'import stage from "./stage.js";\n'
STAGE = ROOT / "enmeshed_nb" / "widgets" / "stage"
ADA: dict[str, dict[str, Any]] = {
    "GivenName": {"value": "Ada"},
    "Surname": {"value": "Lovelace"},
    "BirthDate": {"day": 10, "month": 12, "year": 1815},
    "EMailAddress": {"value": "ada@example.org"},
}
"""What Ada, who decides here, knows about herself."""
LATER = (
    ShareCredentialOfferRequestItem(credential_offer_url="openid-credential-offer://?…", must_be_accepted=True),
    ShareAuthorizationRequestRequestItem(authorization_request_url="openid4vp://?…", must_be_accepted=True),
)
"""The kinds of items that the local network cannot show at work."""
ANSWERS = {
    "RatingFormFieldSettings": 5,
    "SelectionFormFieldSettings": "At the river",
    "StringFormFieldSettings": "K7-4QX",
}
Json = dict[str, Any]


def gather(source: Path) -> None:
    """Put together what Sphinx reads: the site's own pages, the lessons, the project's texts."""
    shutil.copytree(DOCS, source)
    for name in ("notebooks", "examples"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns(".*", "__pycache__"))
    for name in PAGES:
        text = (ROOT / name).read_text(encoding="utf-8")
        source.joinpath(name).write_text(BADGE.sub(r"[\1]", text), encoding="utf-8")
    shutil.copy(STAGE / "stage.css", source / "_static")
    replay_script = source / "_static" / "replay.js"
    replay_script.write_text(alone(replay_script.read_text(encoding="utf-8")), encoding="utf-8")


def alone(script: str) -> str:
    """Return a script that begins by importing the stage as one that needs no module: a page on the disk has none."""
    begin, rest = script.split(IMPORT)
    stage, last = (STAGE / "stage.js").read_text(encoding="utf-8").split("export default ")
    return f"{begin}(() => {{\nconst stage = (() => {{\n{stage}return {last}}})();\n{rest}}})();\n"


def record(recorded: Path) -> None:
    """Run Requests between two new Connectors, and write what the pages show of that."""
    recorded.mkdir()
    with tempfile.TemporaryDirectory() as folder, LocalNetwork.open(folder) as network:
        states = [network.state.connector(name) for name in ("sender", "recipient")]
        sender, recipient = (Connector(each.url, each.api_key, name=each.name) for each in states)
        with sender, recipient:
            establish_relationship(sender, recipient)
            for name, judge in (("accepted", accepting), ("rejected", rejecting)):
                (recorded / f"{name}.html").write_text(replay(journey(sender, recipient, judge)), encoding="utf-8")
            (recorded / "items.md").write_text("\n".join(gallery(sender, recipient)), encoding="utf-8")
    (recorded / "problems.md").write_text("\n".join(problems()), encoding="utf-8")
    (recorded / "requirements.md").write_text("\n".join(acceptance_requirements()), encoding="utf-8")
    (recorded / "resources.md").write_text("\n".join(resources()), encoding="utf-8")


def journey(sender: Connector, recipient: Connector, judge: Judge) -> Json:
    """Do the guide's steps, and return each moment: words, the stage's state, the detail of what stands there."""
    (membership,) = (each for each in EXAMPLES if each.name == "Membership form")
    peer = recipient.account.identity_info().address
    with Journal(sender, recipient) as journal:
        scene = Scene(journal, recall=False)
        moments = [_moment(scene, "Nothing has happened yet.")]
        written = membership.for_peer(sender, peer)
        play = Play(sender, lambda _: recipient, peer=peer, written=written, judge=judge)
        for step in STEPS:
            if not play.do(step.name):
                raise RuntimeError(f"{step.name}: {play.problem}")
            moments.append(_moment(scene, f"{step.side.capitalize()}: {step.words} ({step.call})"))
    return {"marks": STATES, "moments": moments}


def _moment(scene: Scene, words: str) -> Json:
    scene.update()
    state = shown_state(scene)
    things = [
        "backbone",
        *(f"side:{each}" for each in state["sides"]),
        *(f"request:{each['request_id']}" for each in state["requests"]),
        *(f"message:{each['message_id']}" for each in (*state["envelopes"], *state["arrived"])),
        *(f"call:{each['number']}" for each in state["calls"]),
    ]
    return {"words": words, "state": state, "details": {thing: scene.detail(thing).to_json() for thing in things}}


def replay(recorded: Json) -> str:
    """Return a recorded journey as HTML that `replay.js` brings to life."""
    data = json.dumps(recorded, ensure_ascii=False).replace("<", "\\u003c")
    return f"""<div class="replay" hidden>
<div class="replayed"></div>
<p class="controls"><button type="button" aria-label="One step back">◀</button>
<button type="button">Play</button>
<button type="button" aria-label="One step on">▶</button>
<input type="range" min="0" value="0" aria-label="The moment that is shown"><output></output></p>
<script type="application/json">{data}</script>
</div>
"""


def gallery(sender: Connector, recipient: Connector) -> Iterator[str]:
    """Send each example, accept it, and yield its piece of the page."""
    waiting = list(EXAMPLES)
    shown: dict[str, list[str]] = {}
    while waiting:
        left = []
        for example in waiting:
            try:
                shown[example.name] = [*_shown(example, sender, recipient)]
            except ExampleError:  # what it is about comes about by another one
                left.append(example)
        if len(left) == len(waiting):
            raise RuntimeError(f"These examples cannot be made: {[each.name for each in left]}")
        waiting = left
    for example in EXAMPLES:
        yield from shown[example.name]
    for item in LATER:
        kind = type(item)
        yield f"## {kind.__name__.removesuffix('RequestItem')}\n\n{(kind.__doc__ or '').split('.')[0]}.\n"
        yield f"It exists since Connector {since_of(kind).version}; the newest Runtime on npm does not know it yet.\n"
        yield from _folded(("The Request", _json(to_json(Request(items=[item])))))


def accepting(request: LocalRequest) -> Verdict:
    """Accept each item, as Ada would."""
    return Verdict("accept", accept_all(request, {path: _answer(item) for path, item in walk(request.content)}))


def rejecting(request: LocalRequest) -> Verdict:
    """Reject the Request."""
    return Verdict("reject", reject_all(request, code="not-now", message="I am not sure yet."))


def _answer(item: RequestItem) -> Json:
    match item:
        case ReadAttributeRequestItem(query=IdentityAttributeQuery(value_type=kind)):
            value = {"@type": kind, **ADA[kind]}
            return {"new_attribute": {"@type": "IdentityAttribute", "owner": "", "value": value}}
        case FormFieldRequestItem(settings=settings):
            return {"response": ANSWERS[type(settings).__name__]}
        case DeleteAttributeRequestItem():
            return {"deletion_date": datetime.now(UTC) + timedelta(days=14)}
    return {}


def _shown(example: Example, sender: Connector, recipient: Connector) -> Iterator[str]:
    peer = recipient.account.identity_info().address
    written = example.for_peer(sender, peer)
    created = sender.requests.outgoing.create(written, peer)
    incoming = wait_for_request(recipient, sender.messages.send(peer, created.content).id)
    form = DecisionForm(recipient, incoming)
    recipient.requests.incoming.accept(incoming.id, accepting(incoming).decision)
    completed = wait_for_status(sender.requests.outgoing, created.id, "Completed", sync=sender)
    yield f"## {example.name}\n\n{example.about}\n"
    yield from _folded(
        ("What the Recipient sees", _raw(form)),
        ("The Request", _json(to_json(created.content))),
        ("The Response", _json(to_json(completed.response.content)) if completed.response else ""),
        ("What the Sender reads", _raw(ResponseView(completed))),
    )


def _folded(*pieces: tuple[str, str]) -> Iterator[str]:
    for index, (title, content) in enumerate(pieces):
        first = " open" if index == 0 else ""
        yield f"<details{first}><summary>{html.escape(title)}</summary>\n\n{content}\n\n</details>\n"


def _raw(view: Any) -> str:
    return f"```{{raw}} html\n{view._repr_mimebundle_()['text/html']}\n```"


def _json(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```"


def problems() -> Iterator[str]:
    """Yield the catalogue: each code of the API, what it means, what to do."""
    for family, codes in groupby(sorted(CODES), key=lambda code: ".".join(code.split(".")[:-1][:3])):
        yield f"\n## {family or 'In a Response'}\n"
        for code in codes:
            meaning = CODES[code]
            yield f"`{code}`\n: {meaning.what} {meaning.cure}\n"


def acceptance_requirements() -> Iterator[str]:
    """Yield what acceptance runs hold Connectors against: each requirement of each plan, and its source."""
    for plan, found in groupby(requirements().values(), key=lambda each: each.plan):
        yield f"\n### Plan {plan}\n"
        for each in found:
            link = f" [source]({each.source})" if each.source.startswith("https:") else f" Source: `{each.source}`."
            since = "" if each.since == "7.0.0" else f" Since {each.since}."
            yield f"`{each.id}`\n: {each.text}{since}{link}\n"


def resources() -> Iterator[str]:
    """Yield the reference of what a Connector's attributes can do: `requests.outgoing` and the others."""
    with Connector("http://localhost", "any") as connector:
        for kind, place in sorted(namespaces(connector), key=lambda each: each[1]):
            yield f"## `connector.{place}`\n\n```{{eval-rst}}\n.. autoclass:: {kind.__module__}.{kind.__name__}\n```\n"


def build(out: Path) -> int:
    """Build the site in a folder; return Sphinx's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "site"
        gather(source)
        record(source / "recorded")
        shutil.rmtree(out, ignore_errors=True)
        options = ["--fail-on-warning", "--keep-going", "--quiet", "--doctree-dir", f"{folder}/doctrees"]
        command = [sys.executable, "-m", "sphinx", "-b", "html", *options, str(source), str(out)]
        return subprocess.call(command, cwd=source)


def main() -> int:
    """Build the site; the exit code is 0 if nothing was wrong."""
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site")
    out: Path = parser.parse_args().out.resolve()
    try:
        code = build(out)
    except UserError as error:
        sys.exit(f"\n{error}")
    if code == 0:
        print(f"The site is in {out}.")
    return code


if __name__ == "__main__":
    sys.exit(main())
