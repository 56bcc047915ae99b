"""Own Connectors by variables and by profiles: what is meant, what is refused, and where secrets do not go."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from enmeshed_nb import connect, own_connectors
from enmeshed_nb.connector import ApiKey, BearerToken, ClientCredentials, InvalidInput, Tls
from enmeshed_nb.errors import UserError
from enmeshed_nb.own_connectors import OwnConnectors, SettingsError, editing, from_environment, profiles, secret
from tests.conftest import enmeshed_nb

HUNTER = "hunter2-hunter2"
TWO = {
    "ENMESHED_NB_SENDER_URL": "https://s.example",
    "ENMESHED_NB_SENDER_API_KEY": "one",
    "ENMESHED_NB_RECIPIENT_URL": "https://r.example",
    "ENMESHED_NB_RECIPIENT_API_KEY": "other",
}
STAGING = """
[staging.sender]
url = "https://s.example"
api_key = {env = "S_KEY"}
header = "X-MINE"
ca_file = "ca.pem"
client_certificate = "~/c.pem"
client_key = "/k.pem"
client_key_password = {env = "PASSWORD"}
proxy = {env = "PROXY_URL"}

[staging.recipient]
url = "https://r.example"
oauth = {issuer = "https://login.example", client_id = "tests", client_secret = {env = "R_SECRET"}, scope = "core:*"}

[staging.third]
url = "https://t.example"
bearer = {env = "T_TOKEN"}
"""


@pytest.fixture
def file(tmp_path, monkeypatch) -> Iterator[Path]:
    """The file with the profiles, of which there are none yet; what is handed on in a test ends with it."""
    before = dict(os.environ)
    for name in [*os.environ]:
        if name.startswith("ENMESHED_NB_") and not name.startswith("ENMESHED_NB_TEST"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "config" / "profiles.toml"
    path.parent.mkdir()
    monkeypatch.setenv("ENMESHED_NB_PROFILES", str(path))
    yield path
    os.environ.clear()
    os.environ.update(before)


def refused(call) -> str:
    with pytest.raises(SettingsError) as error:
        call()
    assert HUNTER not in str(error.value)
    return str(error.value)


# variables


def made(monkeypatch, endpoint) -> dict:
    """Return the arguments by which a client would be made."""
    monkeypatch.setattr("enmeshed_nb.own_connectors.endpoint.Connector", lambda url, **rest: {"url": url} | rest)
    return endpoint.connect("it")


def test_variables_say_all_that_a_profile_says(monkeypatch, tmp_path):
    more = {
        "ENMESHED_NB_SENDER_API_KEY_HEADER": "X-MINE",
        "ENMESHED_NB_SENDER_CA_FILE": str(tmp_path / "ca.pem"),
        "ENMESHED_NB_SENDER_CLIENT_CERTIFICATE": "~/c.pem",
        "ENMESHED_NB_SENDER_CLIENT_KEY": "/k.pem",
        "ENMESHED_NB_SENDER_CLIENT_KEY_PASSWORD": "pw",
        "ENMESHED_NB_SENDER_PROXY": "http://me:pw@proxy.example",
        "ENMESHED_NB_RECIPIENT_API_KEY": " ",
        "ENMESHED_NB_RECIPIENT_OAUTH_TOKEN_URL": "https://login.example/token",
        "ENMESHED_NB_RECIPIENT_OAUTH_CLIENT_ID": "tests",
        "ENMESHED_NB_RECIPIENT_OAUTH_CLIENT_SECRET": HUNTER,
        "ENMESHED_NB_RECIPIENT_OAUTH_AUDIENCE": "me",
        "ENMESHED_NB_RECIPIENT_OAUTH_AUTHENTICATION": "post",
    }
    own = OwnConnectors.read(TWO | more)
    assert made(monkeypatch, own.sender) == {
        "url": "https://s.example",
        "name": "it",
        "auth": ApiKey("one", "X-MINE"),
        "tls": Tls(tmp_path / "ca.pem", Path("~/c.pem").expanduser(), Path("/k.pem"), "pw"),
        "proxy": "http://me:pw@proxy.example",
    }
    wanted = ClientCredentials(
        "tests", HUNTER, token_url="https://login.example/token", audience="me", authentication="post"
    )
    assert made(monkeypatch, own.recipient)["auth"] == wanted
    assert HUNTER not in repr(own)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SENDER_API_KEY": ""}, "ENMESHED_NB_SENDER_API_KEY is missing"),
        ({"RECIPIENT_URL": "", "RECIPIENT_API_KEY": ""}, "RECIPIENT_URL, ENMESHED_NB_RECIPIENT_API_KEY is missing"),
        (
            {"SENDER_API_KEY": "", "SENDER_OAUTH_ISSUER": "https://x"},
            "SENDER_OAUTH_CLIENT_ID, ENMESHED_NB_SENDER_OAUTH",
        ),
        ({"SENDER_CLIENT_KEY": "k.pem"}, "ENMESHED_NB_SENDER_CLIENT_CERTIFICATE is missing"),
        ({"SENDER_BEARER_TOKEN": HUNTER}, "SENDER_API_KEY and ENMESHED_NB_SENDER_BEARER_TOKEN exclude each other"),
        (
            {"SENDER_APIKEY": HUNTER},
            "no variable ENMESHED_NB_SENDER_APIKEY.\nDid you mean 'ENMESHED_NB_SENDER_API_KEY'",
        ),
        ({"SENDR_URL": HUNTER}, "Did you mean 'ENMESHED_NB_SENDER_URL'"),
        ({"RECIPIENT_URL": "r.example"}, "ENMESHED_NB_RECIPIENT_URL is no URL: 'r.example'"),
        ({"RECIPIENT_URL": f"https://me:{HUNTER}@r.example"}, "ENMESHED_NB_RECIPIENT_URL holds a password"),
    ],
)
def test_variables_that_cannot_be_meant_are_named(changes, said):
    values = TWO | {f"ENMESHED_NB_{name}": value for name, value in changes.items()}
    assert said in refused(lambda: OwnConnectors.read(values))


def test_other_variables_are_none_of_ours():
    others = {"ENMESHED_NB_DATA_DIR": "x", "ENMESHED_NB_PROFILE": "", "ENMESHED_NB_SENDER_OLD": "", "SENDER_URL": "x"}
    assert OwnConnectors.read(others) is None


# profiles


def test_a_profile_names_connectors_and_its_secrets_are_read_late(file, monkeypatch):
    file.write_text(STAGING)
    own = from_environment("staging")
    assert [*own.all] == ["sender", "recipient", "third"]
    assert (own.profile, [*own.others]) == ("staging", ["third"])
    assert "Profile 'staging', sender: client_key_password cannot be read" in refused(lambda: own.sender.connect("x"))
    for name in ("S_KEY", "R_SECRET", "T_TOKEN", "PASSWORD", "PROXY_URL"):
        monkeypatch.setenv(name, f"{name}-value")
    monkeypatch.setenv("ENMESHED_NB_PROFILE", "staging")
    own = from_environment()
    sender = made(monkeypatch, own.sender)
    assert (sender["auth"], sender["proxy"]) == (ApiKey("S_KEY-value", "X-MINE"), "PROXY_URL-value")
    assert sender["tls"] == Tls(file.parent / "ca.pem", Path("~/c.pem").expanduser(), Path("/k.pem"), "PASSWORD-value")
    assert made(monkeypatch, own.others["third"])["auth"] == BearerToken("T_TOKEN-value")
    recipient = made(monkeypatch, own.recipient)
    assert recipient["auth"] == ClientCredentials(
        "tests", "R_SECRET-value", issuer="https://login.example", scope="core:*"
    )
    assert recipient["tls"] is None
    assert "-value" not in repr(own)


def test_a_profile_goes_before_variables(file, monkeypatch):
    file.write_text(STAGING)
    for name, value in TWO.items():
        monkeypatch.setenv(name, value)
    assert from_environment().profile == ""
    assert from_environment("staging").profile == "staging"
    (file.parent.parent / ".env").write_text("ENMESHED_NB_PROFILE=staging\n")
    assert from_environment().profile == "staging"


PROFILES = {
    "": "There is no profile 'p'",
    "[pp.sender]": "There is no profile 'p' in {file}.\nDid you mean 'pp'?",
    "p = 1": "'p' is no profile",
    "[p.sender]": "[p.recipient] is missing",
    "[p.sendr]\n[p.recipient]": "[p.sender] is missing.\nA profile has a sender and a recipient. Did you mean 'sendr'?",
    "[p.sender]\n{key}\n[p.recipient]": "Profile 'p', sender: url is missing",
    "{s}[p.recipient]": "Profile 'p', sender: api_key is missing",
    "{s}api_key = '{secret}'\n[p.recipient]": "api_key must not stand here itself.\nSay where",
    "{s}bearer = '{secret}'\n[p.recipient]": "bearer must not stand here itself",
    "{s}oauth = {{client_secret = '{secret}'}}\n[p.recipient]": "oauth.client_secret must not",
    "{s}{key}\nproxy = 'http://u:{secret}@x'\n[p.recipient]": "proxy holds a password",
    "[p.sender]\nurl = 'https://u:{secret}@x'\n{key}\n[p.recipient]": "url holds a password",
    "{s}api_kee = '{secret}'\n[p.recipient]": "no setting api_kee.\nDid you mean 'api_key'?",
    "{s}oauth = {{client = 'x'}}\n[p.recipient]": "no setting oauth.client.\nDid you mean 'client_id'",
    "{s}api_key = {{envv = 'x'}}\n[p.recipient]": "no setting api_key.envv.\nDid you mean 'env'",
    "{s}api_key = {{}}\n[p.recipient]": "api_key must name one place",
    "{s}api_key = {{env = 'x', file = 'y'}}\n[p.recipient]": "api_key must name one place",
    "{s}api_key = {{command = []}}\n[p.recipient]": "api_key.command",
    "{s}{key}\nheader = 4\n[p.recipient]": "Profile 'p', sender: header: ",
    "[p.sender]\nurl = 'ftp://x'\n{key}\n[p.recipient]": "url is no URL: 'ftp://x'",
    "[p.'a b']\n{s}{key}\n[p.recipient]\nurl='http://x'\n{key}": "cannot be a Connector's name",
    "p.sender = 1\n[p.recipient]": "Profile 'p', sender: that is no table",
    "[p.sender": "The profiles in {file} cannot be read: ",
}  # fmt: skip


@pytest.mark.parametrize("text", PROFILES)
def test_a_profile_that_cannot_be_meant_is_refused_and_no_secret_is_shown(file, text):
    sender = "[p.sender]\nurl = 'https://x'\n"
    file.write_text(text.format(secret=HUNTER, key='api_key = {env = "X"}', s=sender))
    assert PROFILES[text].format(file=file) in refused(lambda: from_environment("p"))


def test_a_file_that_cannot_be_read_is_named(file):
    file.write_bytes(b"\xff\xfe")
    assert f"The profiles in {file} cannot be read" in refused(lambda: from_environment("p"))
    file.unlink()
    file.mkdir()
    assert f"The profiles in {file} cannot be read" in refused(lambda: from_environment("p"))


# secrets


def read(**where) -> str:
    place = secret.Place("Profile 'p', sender", Path.cwd(), {"NAME": f" {HUNTER}\n", "EMPTY": " "})
    return secret.Secret(**where).read("api_key", place)


def test_secrets_are_read_where_they_are_without_white_space(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").touch(mode=0o600)
    (tmp_path / "key").write_text(f"{HUNTER}\r\n")
    command = [sys.executable, "-c", f"import sys; sys.stdin.read(); print(' {HUNTER} ')"]
    found = [read(env="NAME"), read(file="key"), read(file=str(tmp_path / "key")), read(command=command)]
    assert found == [HUNTER] * 4


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ({"env": "OTHER"}, "the environment variable OTHER gives nothing"),
        ({"env": "EMPTY"}, "the environment variable EMPTY gives nothing"),
        ({"file": "nowhere"}, "nowhere: No such file or directory"),
        ({"file": "."}, "Is a directory"),
        ({"file": "open"}, "others may read the file {tmp}/open.\nRun: chmod 600 {tmp}/open"),
        ({"file": "binary"}, "gives no text in UTF-8"),
        ({"command": ["no-such-program"]}, "`no-such-program` cannot be run"),
        ({"command": ["true"]}, "the command `true` gives nothing"),
        ({"command": ["sh", "-c", "cat key; exit 3"]}, "`sh -c 'cat key; exit 3'` ended with code 3"),
        ({"command": ["sleep", "60"]}, "`sleep 60` did not end within 0.2 s"),
    ],
)
def test_a_secret_that_cannot_be_had_is_told_with_its_place_and_never_shown(tmp_path, monkeypatch, where, said):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(secret, "COMMAND_TIMEOUT", 0.2 if where.get("command") == ["sleep", "60"] else 30)
    for name, mode, content in (("open", 0o640, HUNTER), ("key", 0o600, HUNTER), ("binary", 0o600, "\udcff")):
        (tmp_path / name).write_bytes(content.encode(errors="surrogateescape"))
        (tmp_path / name).chmod(mode)
    told = refused(lambda: read(**where))
    assert told.startswith("Profile 'p', sender: api_key cannot be read: ")
    assert said.format(tmp=tmp_path) in told


def test_a_key_with_a_line_break_in_it_is_refused(file, monkeypatch):
    file.write_text(STAGING)
    for name in ("PASSWORD", "PROXY_URL", "T_TOKEN"):
        monkeypatch.setenv(name, "one\ntwo")
    with pytest.raises(InvalidInput, match=r"Profile 'staging', third: The bearer token(?s:.*)one line"):
        from_environment("staging").others["third"].connect("third")


# handing on


def test_what_is_handed_on_is_a_profiles_name_and_what_the_env_file_said(file, monkeypatch):
    file.write_text(STAGING)
    before = dict(os.environ)
    (file.parent.parent / ".env").write_text("S_KEY=from-the-file\nUNRELATED=x\n")
    own_connectors.hand_on(from_environment("staging"))
    new = {name: value for name, value in os.environ.items() if before.get(name) != value}
    assert new == {"ENMESHED_NB_PROFILE": "staging", "S_KEY": "from-the-file"}
    monkeypatch.chdir("/")
    assert from_environment().profile == "staging"


def test_paths_that_are_handed_on_mean_the_same_elsewhere(file, monkeypatch):
    lines = "".join(f"{name}={value}\n" for name, value in TWO.items())
    (file.parent.parent / ".env").write_text(f"{lines}ENMESHED_NB_SENDER_CA_FILE=ca.pem\n")
    own_connectors.hand_on(from_environment())
    assert os.environ["ENMESHED_NB_SENDER_CA_FILE"] == str(file.parent.parent / "ca.pem")
    assert os.environ["ENMESHED_NB_RECIPIENT_API_KEY"] == "other"
    monkeypatch.chdir("/")
    assert from_environment().sender.url == "https://s.example"


# the command line, and what it writes


def by_key(*names: str) -> dict:
    return {name: {"url": f"http://{name}.example", "api_key": {"env": "KEY"}} for name in names}


def test_a_file_keeps_what_somebody_wrote_in_it(file):
    written = "# mine\n" + STAGING.replace("[staging.third]", "# a third one\n[staging.third] # yes")
    file.write_text(written)
    file.chmod(0o644)
    editing.add("mine", by_key("sender", "recipient"), file)
    assert file.read_text().startswith(written)
    assert file.stat().st_mode & 0o777 == 0o600
    assert profiles.names(file) == ["staging", "mine"]
    assert "There is a profile 'mine'" in refused(lambda: editing.add("mine", by_key("sender", "recipient"), file))
    editing.add("mine", by_key("sender", "recipient", "more"), file, replace=True)
    assert [*from_environment("mine").others] == ["more"]
    editing.remove("mine", file)
    assert file.read_text().strip() == written.strip()
    assert "Did you mean 'staging'" in refused(lambda: editing.remove("stagin", file))
    assert [each.name for each in file.parent.iterdir()] == ["profiles.toml"]


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_profile_whose_tables_stand_apart_is_replaced_and_removed_whole(file, name):
    tables = ("a.sender", "b.sender", "a.recipient", "b.recipient")
    text = "".join(f'[{each}]\nurl = "http://x"\napi_key = {{env = "X"}}\n' for each in tables)
    file.write_text(text)
    editing.add(name, by_key("sender", "recipient"), file, replace=True)
    assert [each.url for each in from_environment(name).all.values()] == [
        "http://sender.example",
        "http://recipient.example",
    ]
    editing.remove(name, file)
    assert file.read_text().split() == [
        line for part in text.split("[")[1:] if part[0] != name for line in f"[{part}".split()
    ]


def test_a_link_is_followed_and_what_cannot_be_written_changes_nothing(file, tmp_path):
    file.symlink_to(tmp_path / "elsewhere" / "mine.toml")
    editing.add("one", by_key("sender", "recipient"), file)
    assert file.is_symlink()
    before = (tmp_path / "elsewhere" / "mine.toml").read_bytes()
    assert "cannot be a profile's name" in refused(lambda: editing.add("a b", by_key("sender", "recipient"), file))
    assert "[two.recipient] is missing" in refused(lambda: editing.add("two", by_key("sender"), file))
    (tmp_path / "no-folder").touch()
    nowhere = tmp_path / "no-folder" / "profiles.toml"
    assert "no-folder" in refused(lambda: editing.add("two", by_key("sender", "recipient"), nowhere))
    assert (tmp_path / "elsewhere" / "mine.toml").read_bytes() == before


def told(*words: str, typed: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "enmeshed_nb.cli", "profiles", *words]
    done = subprocess.run(
        command, input=typed, capture_output=True, text=True, check=False, timeout=120, env=os.environ | variables
    )
    assert HUNTER not in done.stdout + done.stderr
    return done


def test_profiles_are_added_listed_checked_and_removed(file, network):
    sender, recipient = (network.state.connector(name) for name in ("sender", "recipient"))
    assert told("path").stdout == f"{file}\n"
    assert "There are no profiles" in told().stdout
    key = file.parent / "key"
    key.touch(mode=0o600)
    key.write_text(recipient.api_key)
    added = told(
        "add", "here", "--sender-url", sender.url, "--sender-key", "env:S_KEY", typed=f"{recipient.url}\nfile:{key}\n"
    )
    assert "enmeshed-nb profiles check here" in added.stdout, added.stderr
    wrong = told("add", "there", "--sender-url", sender.url, "--sender-key", HUNTER)
    assert (wrong.returncode, "does not say where a secret is" in wrong.stderr) == (1, True)
    tokens = ["--set", "sender.url=http://s.example", "--set", "sender.oauth.issuer=http://login.example"]
    tokens += ["--set", "sender.oauth.client_id=12", "--set", "sender.oauth.client_secret=command:pass show 'a b'"]
    assert (
        told("add", "there", *tokens, "--recipient-url", "http://r.example", "--recipient-key", "env:R").returncode == 0
    )
    assert "There is a profile 'here'" in told("add", "here").stderr

    listed = told(ENMESHED_NB_PROFILE="here").stdout.splitlines()
    assert listed[0] == "here (active)"
    assert listed[1].split() == f"sender {sender.url} API key from the environment variable S_KEY".split()
    assert listed[4].split() == [
        "sender",
        "http://s.example",
        "OAuth",
        "2",
        "client",
        "12",
        "of",
        "http://login.example",
    ]
    assert [each["name"] for each in json.loads(told("list", "--json").stdout)] == ["here", "there"]
    shown = json.loads(told("show", "there", "--json").stdout)
    oauth = {"issuer": "http://login.example", "client_id": "12", "client_secret": {"command": ["pass", "show", "a b"]}}
    assert shown["connectors"]["sender"] == {"url": "http://s.example", "oauth": oauth}
    assert "[there.sender]" in told("show", "there").stdout
    assert "Did you mean 'there'?" in told("show", "ther").stderr

    checked = told("check", "here", S_KEY=sender.api_key)
    assert (checked.returncode, sender.address in checked.stdout, recipient.address in checked.stdout) == (
        0,
        True,
        True,
    )
    assert sender.api_key not in checked.stdout
    half = told("check", "here")
    assert (half.returncode, recipient.address in half.stdout) == (1, True)
    assert "api_key cannot be read: the environment variable S_KEY gives nothing" in half.stdout
    assert told("remove", "there").returncode == 0
    assert profiles.names(file) == ["here"]


def test_a_profile_is_used_by_connect_and_by_notebooks(file, network, monkeypatch, tmp_path):
    states = [network.state.connector(name) for name in ("sender", "recipient")]
    tables = {each.name: {"url": each.url, "api_key": {"env": f"{each.name.upper()}_KEY"}} for each in states}
    editing.add("here", tables | {"third": tables["sender"]}, file)
    for each in states:
        monkeypatch.setenv(f"{each.name.upper()}_KEY", each.api_key)
    with closing(connect(profile="here")) as connected:
        assert connected.local is None
        assert [*connected.connectors] == ["sender", "recipient", "third"]
        assert connected.address("third") == states[0].address
        with pytest.raises(UserError, match="Connect without a profile"):
            _ = connected.clock
    notebook = {
        "cells": [
            {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None, "source": CELL}
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (tmp_path / "one.ipynb").write_text(json.dumps(notebook))
    named = {"ENMESHED_NB_PROFILES": str(file), **{f"{each.name.upper()}_KEY": each.api_key for each in states}}
    words = ("run", "one.ipynb", "--out", "out", "--data-dir", tmp_path / "unused", "--profile")
    done = enmeshed_nb(*words, "here", **named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Own Connectors (profile here): {states[0].url}" in done.stderr
    assert states[1].address in (tmp_path / "out" / "one.ipynb").read_text()
    refused = enmeshed_nb(*words, "her", **named)
    assert (refused.returncode, "Did you mean 'here'?" in refused.stderr) == (1, True)


CELL = "import enmeshed_nb\nprint(enmeshed_nb.connect().recipient.account.identity_info().address)"
