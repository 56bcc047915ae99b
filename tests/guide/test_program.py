"""The program that a Request can be copied as: it runs, and a formatter finds nothing to do."""

import os
import subprocess
import sys
from typing import Any

import pytest

from enmeshed_nb.connector import Connector
from enmeshed_nb.content import (
    AuthenticationRequestItem,
    ConsentRequestItem,
    FormFieldRequestItem,
    IdentityAttributeQuery,
    ReadAttributeRequestItem,
    Request,
    RequestItemGroup,
    SelectionFormFieldSettings,
)
from enmeshed_nb.guide.program import program
from enmeshed_nb.localnet import LocalNetwork

CHOICE = SelectionFormFieldSettings(options=["it's red", 'a "green" one', "both ' and \"", "back\\slash"])
REQUEST = Request(
    title="Zoë's",
    expires_at="2099-01-01T00:00:00.000Z",
    metadata={"a long name of a property": [1, 2.5, True, None], "another long name of a property": {"b": "c"}},
    items=[
        AuthenticationRequestItem(title="Is it you?", must_be_accepted=True),
        RequestItemGroup(
            title="About you",
            items=[
                ConsentRequestItem(consent="A text that is so long " * 5, must_be_accepted=False),
                FormFieldRequestItem(title="Colour", settings=CHOICE, must_be_accepted=False),
                ReadAttributeRequestItem(
                    query=IdentityAttributeQuery(value_type="EMailAddress"), must_be_accepted=False
                ),
            ],
        ),
    ],
)
WRONG = {"title": "x" * 201, "items": [{"@type": "AuthenticationRequestItem", "mustBeAccepted": True, "title": "x"}]}


def run(code: str, key: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"API_KEY": key},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_program_creates_the_request(sender: Connector, recipient: Connector, network: LocalNetwork) -> None:
    peer, state = recipient.account.identity_info().address, network.state.connector("sender")
    ended = run(program(REQUEST.model_dump(), state.url, peer), state.api_key)
    assert ended.returncode == 0, ended.stderr
    request_id, status = ended.stdout.split()
    created = sender.requests.outgoing.get(request_id)
    assert (created.peer, created.status) == (peer, status) == (peer, "Draft")
    assert created.content == REQUEST.model_copy(update={"id": request_id})


def test_a_program_with_a_problem_says_it(network: LocalNetwork) -> None:
    ended = run(program(WRONG, "http://localhost:1", "did:e:x"), "any")
    assert ended.returncode == 1
    assert "at most 200 are allowed" in ended.stderr


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Is it you?", '"Is it you?"'),
        ("it's", '"it\'s"'),
        ('a "green" one', "'a \"green\" one'"),
        ("one \" and one '", r'''"one \" and one '"'''),
        ('"two" and one \'', r"""'"two" and one \''"""),
        ("one \" and 'two'", r'''"one \" and 'two'"'''),
        ("back\\slash\n", r'"back\\slash\n"'),
    ],
)
def test_a_text_is_quoted_so_that_it_needs_the_fewest_backslashes(text: str, code: str) -> None:
    item = AuthenticationRequestItem(title=text, must_be_accepted=True)
    assert f"title={code})" in program(Request(items=[item]).model_dump(), "http://localhost:1", "did:e:x")


@pytest.mark.parametrize("written", [REQUEST.model_dump(), WRONG, Request(items=REQUEST.items[:1]).model_dump()])
def test_the_program_is_formatted_and_imports_what_it_needs_by_name(written: dict[str, Any]) -> None:
    code = program(written, "http://localhost:1", "did:e:localhost:dids:0123456789abcdef012345")
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["format", "--check"], ["check", "--select", "F,I"]):
        checked = subprocess.run(
            [*ruff, *command, "--isolated", "-"], input=code, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "import *" not in code
