"""What docs/growing.md says to work between folders: Connectors of two networks on the Backbone of a third."""

import json
import re

from enmeshed_nb import AuthenticationRequestItem, Request, ask, establish_relationship
from enmeshed_nb.localnet import stop
from tests.conftest import connectors_of, up
from tests.conftest import until as wait_until


def test_connectors_of_two_folders_meet_on_the_backbone_of_a_third(tmp_path, start_process):
    _, lines = start_process("backbone", "--port", "0", "--data-dir", tmp_path / "backbone")
    (url,) = wait_until(lambda: re.findall(r"Backbone: (\S+)  client: test  secret: test", "".join(lines)), 60)
    there = {"baseUrl": url, "platformClientId": "test", "platformClientSecret": "test"}
    found = {}
    try:
        for name in ("here", "elsewhere"):
            config = {"connectors": {name: {"transportLibrary": there}}}
            (tmp_path / f"{name}.json").write_text(json.dumps(config))
            state = up(tmp_path / name, "--config", tmp_path / f"{name}.json")
            assert state["backbone"]["url"] != url
            found[name] = connectors_of(state)[name]
        here, elsewhere = found["here"], found["elsewhere"]
        with here, elsewhere:
            establish_relationship(here, elsewhere)
            request = Request(items=[AuthenticationRequestItem(title="Is it you?", must_be_accepted=True)])
            assert ask(here, elsewhere, request).response.content.result == "Accepted"
            assert ask(elsewhere, here, request).response.content.result == "Accepted"
    finally:
        for name in ("here", "elsewhere"):
            stop(tmp_path / name)
