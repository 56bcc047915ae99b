"""What is wrong with own Connectors is told apart: each set-up here is wrong on purpose, and has its own sentence."""

import json
import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple, get_args

import pytest

from enmeshed_nb import connect, diagnosis
from enmeshed_nb.connector import ConnectionFailed, Connector, ConnectorError, UnexpectedAnswer
from enmeshed_nb.connector.failures import Reason
from enmeshed_nb.guide import establish_relationship
from enmeshed_nb.localnet import LocalNetwork, NetworkFaults, relay
from enmeshed_nb.localnet.faults import BackboneAway, Status
from enmeshed_nb.localnet.settings import Folder
from enmeshed_nb.network import Network
from enmeshed_nb.own_connectors import OwnConnectors, SettingsError
from enmeshed_nb.widgets import NetworkStatus
from enmeshed_nb.widgets.problem import ProblemView
from tests import strange_servers as servers
from tests.conftest import ROOT, closed_port, enmeshed_nb

KEY = "A-Key-of-our-own-that-is-long-enough-12"
SCOPES = ["monitoring:version", "core:account", "core:relationships", "core:requests:incoming"]
pytestmark = pytest.mark.timeout(400)
ALONE = ("connection", "Connector", "API key", "version", "health", "Identity", "synchronisation")
PAIR = ("Identities", "Backbone", "Relationship", "Identity deletion")


class Endpoint(NamedTuple):
    """Where a Connector is, and its key."""

    url: str
    api_key: str


def variables(sender, recipient):
    """Return the variables that name two Connectors."""
    return {
        "ENMESHED_NB_SENDER_URL": sender.url,
        "ENMESHED_NB_SENDER_API_KEY": sender.api_key,
        "ENMESHED_NB_RECIPIENT_URL": recipient.url,
        "ENMESHED_NB_RECIPIENT_API_KEY": recipient.api_key,
    }


def named(sender, recipient):
    """Return own Connectors as variables name them."""
    own = OwnConnectors.read(variables(sender, recipient))
    assert own
    return own


@pytest.fixture(scope="module")
def configured(network, tmp_path_factory):
    """The network, with more Connectors, which are set up in several ways."""
    elsewhere = Folder(tmp_path_factory.mktemp("elsewhere"))
    elsewhere.make()
    with ExitStack() as stack:
        other = stack.enter_context(relay.serve(elsewhere, 0, {"test": "test"}))
        lonely = {"baseUrl": other.url, "platformClientId": "test", "platformClientSecret": "test"}
        keys = {"whole": {"key": f"{KEY}-whole"}, "limited": {"key": KEY, "scopes": SCOPES}}
        rule = {"requestConfig": {"content.item.@type": "ConsentRequestItem"}, "responseConfig": {"accept": True}}
        opened = LocalNetwork.open(
            network.state.data_dir,
            connectors={
                "limited": {"infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": keys}}}}},
                "lonely": {"transportLibrary": lonely},
                "timed": {"debug": True, "modules": {"sync": {"enabled": True}}},
                "eager": {"modules": {"sse": {"enabled": True}, "decider": {"automationConfig": [rule]}}},
            },
        )
        with opened:
            yield opened
            opened.remove("limited", "lonely", "timed", "eager")


@pytest.fixture(scope="module")
def at(configured):
    """Where the Connectors of the network are, by name."""
    return {each.name: Endpoint(each.url, each.api_key) for each in configured.state.connectors}


@pytest.fixture(scope="module")
def clients(configured):
    """Clients of the Connectors, by name; Sender and Recipient have a Relationship."""
    with ExitStack() as stack:
        made = {
            each.name: stack.enter_context(Connector(each.url, each.api_key, name=each.name))
            for each in configured.state.connectors
        }
        establish_relationship(made["sender"], made["recipient"])
        yield made


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """One who issues certificates, and whom this machine trusts."""
    made = servers.Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


def found(sender, recipient):
    return diagnosis.of_endpoints(named(sender, recipient), synchronise=True)


def one_problem(checks):
    """Return the problem in checks: there is one, what came before it is fine, and nothing after it was looked at."""
    states = [check.state for check in checks if check.state != "note"]
    assert states.count("problem") == 1, checks
    index = states.index("problem")
    assert states == ["ok"] * index + ["problem"] + ["not looked at"] * (len(states) - index - 1)
    problem = checks[index]
    assert problem.problem.endswith("."), problem
    assert problem.cure.endswith((".", ")")), problem
    assert "\n" not in problem.problem
    assert "Error" not in problem.problem
    return problem


def wrong_alone(sender, at, code, where):
    """See to it that the Sender, and nothing else, has one problem, at its place; return its sentence."""
    diagnosed = found(sender, at["recipient"])
    problem = one_problem(diagnosed.alone["sender"])
    assert (problem.code, problem.what) == (code, f"Own Sender: {where}")
    assert all(check.state == "ok" for check in diagnosed.alone["recipient"])
    assert {check.state for check in diagnosed.together} == {"not looked at"}
    assert not diagnosed.notes
    return f"{problem.problem} {problem.cure}"


def wrong_together(sender, recipient, code, where):
    diagnosed = found(sender, recipient)
    assert all(check.state == "ok" for name in ("sender", "recipient") for check in diagnosed.alone[name])
    problem = one_problem(diagnosed.together)
    assert (problem.code, problem.what) == (code, f"Own pair: {where}")
    return f"{problem.problem} {problem.cure}"


@pytest.mark.usefixtures("clients")
def test_what_is_fine_is_said_to_be_fine_in_order(at):
    diagnosed = found(at["sender"], at["recipient"])
    names = [
        *(f"Own Sender: {what}" for what in ALONE),
        *(f"Own Recipient: {what}" for what in ALONE),
        *(f"Own pair: {what}" for what in PAIR),
    ]
    assert [(check.what, check.state, check.code) for check in diagnosed.checks] == [(name, "ok", "") for name in names]
    assert "Connector 7.0.0" in [check.found for check in diagnosed.alone["sender"]]


@pytest.mark.parametrize("url", ["http://", "ftp://connector.example", "connector.example"])
def test_a_malformed_url(at, url, tmp_path):
    wrong = variables(Endpoint(url, KEY), at["recipient"])
    told = enmeshed_nb("doctor", "--json", "--data-dir", tmp_path, **wrong)
    assert told.returncode == 1
    (check,) = [each for each in json.loads(told.stdout) if each["what"].startswith("Own")]
    assert (check["what"], check["state"], check["code"]) == ("Own Connectors", "problem", "settings")
    assert f"ENMESHED_NB_SENDER_URL is no URL: '{url}'" in check["problem"]


def test_a_key_with_a_line_break(at):
    diagnosed = found(at["sender"], Endpoint(at["recipient"].url, "half a key\nand more"))
    (check,) = diagnosed.alone["recipient"]
    assert (check.code, check.what) == ("settings", "Own Recipient: settings")
    assert "half" not in str(check)


def test_an_unknown_name(at):
    said = wrong_alone(Endpoint("http://connector.invalid:8080", KEY), at, "dns", "connection")
    assert said.startswith("No connection to http://connector.invalid:8080: connector.invalid:8080 is a name that is")


def test_nobody_listens(at):
    url = f"http://localhost:{closed_port()}"
    said = wrong_alone(Endpoint(url, KEY), at, "refused", "connection")
    assert said.startswith(f"No connection to {url}: {url.removeprefix('http://')} refuses the connection")


def test_a_firewall(at):
    with servers.closed_off() as port:
        said = wrong_alone(Endpoint(f"http://{servers.HOST}:{port}", KEY), at, "connect-timeout", "connection")
    assert "firewall" in said


def test_a_server_that_hangs(at):
    with servers.silent() as port:
        said = wrong_alone(Endpoint(f"http://{servers.HOST}:{port}", KEY), at, "answer-timeout", "connection")
    assert "takes the connection, and does not answer" in said


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(at, monkeypatch, scheme):
    proxy = f"http://someone:secret@127.0.0.1:{closed_port()}"
    monkeypatch.setenv(f"{scheme}_proxy", proxy)
    said = wrong_alone(Endpoint(f"{scheme}://connector.example", KEY), at, "proxy-unreachable", "connection")
    assert f"the proxy {proxy.replace('someone:secret@', '')} refuses the connection" in said
    assert "secret" not in said


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_a_password(at, monkeypatch, scheme):
    with servers.answering(servers.asking_for_a_password) as port:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://{servers.HOST}:{port}")
        said = wrong_alone(Endpoint(f"{scheme}://connector.example", KEY), at, "proxy-refuses", "connection")
    assert "wants a user and a password (407)" in said


def test_a_proxy_that_does_not_lead_there(at, monkeypatch):
    with servers.answering(lambda _: (403, {}, b"")) as port:
        monkeypatch.setenv("https_proxy", f"http://{servers.HOST}:{port}")
        said = wrong_alone(Endpoint("https://connector.example", KEY), at, "proxy-refuses", "connection")
    assert "does not lead there; it says: 403" in said


def test_an_expired_certificate(at, authority):
    with servers.answering(servers.login_page, authority.issue(servers.HOST, days=-3)) as port:
        said = wrong_alone(Endpoint(f"https://{servers.HOST}:{port}", KEY), at, "tls-expired", "connection")
    day = f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%d}"
    assert f"It is CN={servers.HOST} for {servers.HOST}, issued by CN=The Test Authority, expired {day}" in said
    assert "Renew it" in said


def test_a_certificate_for_another_name(at, authority):
    with servers.answering(servers.login_page, authority.issue("other.example")) as port:
        said = wrong_alone(Endpoint(f"https://{servers.HOST}:{port}", KEY), at, "tls-wrong-name", "connection")
    assert f"is not for {servers.HOST}" in said
    assert "CN=other.example for other.example" in said


def test_a_certificate_of_an_unknown_authority(at, tmp_path):
    with servers.answering(servers.login_page, servers.Authority(tmp_path).issue(servers.HOST)) as port:
        said = wrong_alone(Endpoint(f"https://{servers.HOST}:{port}", KEY), at, "tls-unknown-issuer", "connection")
    assert "issued by CN=The Test Authority, valid until" in said


def test_http_where_https_is_spoken(at, authority):
    with servers.answering(servers.login_page, authority.issue(servers.HOST)) as port:
        said = wrong_alone(Endpoint(f"http://{servers.HOST}:{port}", KEY), at, "http-for-https", "connection")
    assert said.endswith("Let the URL begin with https://.")

    def as_nginx(_):
        return 400, {"Content-Type": "text/html"}, b"The plain HTTP request was sent to HTTPS port"

    with servers.answering(as_nginx) as port:
        wrong_alone(Endpoint(f"http://{servers.HOST}:{port}", KEY), at, "not-a-connector", "Connector")


def test_https_where_http_is_spoken(at):
    url = at["sender"].url.replace("http://", "https://")
    said = wrong_alone(Endpoint(url, at["sender"].api_key), at, "https-for-http", "connection")
    assert said == f"{url} speaks http and not https. Let the URL begin with http://."


def test_a_wrong_key(at):
    said = wrong_alone(Endpoint(at["sender"].url, KEY), at, "unauthorized", "API key")
    assert said.startswith("It refuses the API key (401).")
    assert KEY not in said


def test_a_key_that_may_not_do_what_the_guide_needs(at):
    said = wrong_alone(Endpoint(at["limited"].url, KEY), at, "scope-missing", "API key")
    assert "lacks the scopes core:relationshipTemplates, core:messages, core:requests:outgoing." in said


def test_a_login_page(at):
    with servers.answering(servers.login_page) as port:
        url = f"http://{servers.HOST}:{port}"
        said = wrong_alone(Endpoint(url, KEY), at, "not-a-connector", "Connector")
    assert f"{url} answered 200 with text/html, not like a Connector. Its page is called “Sign in & go on”." in said


def test_a_server_that_leads_elsewhere(at):
    def elsewhere(_):
        return 302, {"Location": "https://sso.example/login?state=secret"}, b""

    with servers.answering(elsewhere) as port:
        said = wrong_alone(Endpoint(f"http://{servers.HOST}:{port}", KEY), at, "not-a-connector", "Connector")
    assert "It leads to https://sso.example/login. Check" in said


@pytest.mark.parametrize("version", ["6.36.11", "8.0.0"])
def test_another_major_version(at, version):
    with servers.answering(servers.before(at["sender"].url, servers.of_version(version))) as port:
        endpoint = Endpoint(f"http://{servers.HOST}:{port}", at["sender"].api_key)
        said = wrong_alone(endpoint, at, "wrong-version", "version")
    assert f"The Connector has version {version}" in said


def test_a_backbone_that_is_away(configured, at, clients):
    with NetworkFaults(configured.state.data_dir).inject(BackboneAway()):
        diagnosed = found(at["sender"], at["recipient"])
        for name in ("sender", "recipient"):
            problem = one_problem(diagnosed.alone[name])
            assert (problem.code, problem.what) == ("backbone-unreachable", f"Own {name.capitalize()}: health")
    clients["sender"].account.sync()


def test_a_connector_that_cannot_synchronise(configured, at):
    fault = Status(connector="sender", route="POST /Account/Sync", status=503)
    with NetworkFaults(configured.state.data_dir).inject(fault):
        said = wrong_alone(at["sender"], at, "sync-fails", "synchronisation")
    assert "though it says that it is healthy: 503" in said


def test_the_same_connector_twice(at):
    said = wrong_together(at["sender"], at["sender"], "same-identity", "Identities")
    assert "nobody sends Requests to itself" in said


def test_two_backbones(at):
    said = wrong_together(at["sender"], at["lonely"], "different-backbones", "Backbone")
    assert len(re.findall(r"http://localhost:\d+", said)) == 2


def test_a_relationship_at_each_stage(at, clients):
    """From none to none, by way of all that cannot be used."""
    pair = at["sender"], at["limited"]
    sender, newcomer = clients["sender"], clients["limited"]
    said = wrong_together(*pair, "no-relationship", "Relationship")
    assert "establish_relationship(sender, recipient)" in said

    from enmeshed_nb.content import ArbitraryRelationshipCreationContent, ArbitraryRelationshipTemplateContent

    template = newcomer.relationship_templates.create_own(
        ArbitraryRelationshipTemplateContent(value={}), expires_at=datetime.now(UTC) + timedelta(hours=1)
    )
    loaded = sender.relationship_templates.load_peer(template.reference)
    relationship = sender.relationships.create(loaded.id, ArbitraryRelationshipCreationContent(value={}))
    assert relationship.id in wrong_together(*pair, "relationship-pending", "Relationship")

    establish_relationship(sender, newcomer)
    assert not [check for check in found(*pair).together if not check.ok]

    sender.relationships.terminate(relationship.id)
    assert "is Terminated" in wrong_together(*pair, "relationship-terminated", "Relationship")
    sender.relationships.decompose(relationship.id)
    assert "DeletionProposed" in wrong_together(*pair, "relationship-deletion-proposed", "Relationship")
    newcomer.relationships.decompose(relationship.id)
    wrong_together(*pair, "no-relationship", "Relationship")


def test_an_identity_that_is_to_be_deleted(at, clients):
    establish_relationship(clients["sender"], clients["timed"])
    clients["timed"].identity_deletion_process.initiate(30)
    said = wrong_alone(at["timed"], at, "identity-in-deletion", "synchronisation")
    assert said.startswith("Its Identity is to be deleted")

    clients["sender"].account.sync()
    for sender, recipient, who in (("sender", "timed", "Recipient"), ("timed", "sender", "Sender")):
        looked = diagnosis.of_endpoints(named(at[sender], at[recipient]))
        problem = one_problem(looked.together)
        assert (problem.code, problem.what) == ("identity-in-deletion", "Own pair: Identity deletion")
        assert problem.problem.startswith(f"The {who}'s Identity is to be deleted on")
    clients["timed"].identity_deletion_process.cancel()
    assert all(check.ok for check in found(at["sender"], at["timed"]).checks)


def test_what_differs_is_a_note_and_no_problem(at, clients):
    establish_relationship(clients["timed"], clients["eager"])
    diagnosed = found(at["timed"], at["eager"])
    assert all(check.ok for check in diagnosed.checks)
    assert [(check.what, check.state, check.code) for check in diagnosed.notes] == [
        ("Own Sender: modules.sync", "note", "sync-module"),
        ("Own Recipient: modules.sse", "note", "sse-module"),
        ("Own Recipient: modules.decider", "note", "automatic-decider"),
    ]


@pytest.mark.parametrize(("seconds", "said"), [(-90, "behind"), (60, "ahead of"), (-3, ""), (3, "")])
@pytest.mark.usefixtures("clients")
def test_a_clock_that_is_wrong(at, seconds, said):
    def shifted(_, answer):
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        return answer[0], answer[1] | {"Date": date}, answer[2]

    with servers.answering(servers.before(at["sender"].url, shifted)) as port:
        endpoint = Endpoint(f"http://{servers.HOST}:{port}", at["sender"].api_key)
        diagnosed = found(endpoint, at["recipient"])
    assert all(check.ok for check in diagnosed.checks)
    assert [check.code for check in diagnosed.notes] == (["clock-skew"] if said else [])
    assert all(f" s {said} this machine's" in check.problem for check in diagnosed.notes)


def test_doctor_status_and_connect_say_the_same(at, clients, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    wrong = variables(Endpoint(at["limited"].url, KEY), at["recipient"])
    told = enmeshed_nb("doctor", "--json", "--data-dir", tmp_path, **wrong)
    assert told.returncode == 1
    (check,) = [
        each for each in json.loads(told.stdout) if each["what"].startswith("Own ") and each["state"] == "problem"
    ]
    assert (check["code"], check["what"]) == ("scope-missing", "Own Sender: API key")
    table = " ".join(enmeshed_nb("doctor", "--data-dir", tmp_path, **wrong).stdout.split())
    assert f"✘ problem Own Sender: API key {check['problem']} {check['cure'][:20]}" in table
    assert "- not looked at Own Sender: version" in table

    limited = Connector(at["limited"].url, KEY, name="sender")
    with limited:
        parts = NetworkStatus(Network(limited, clients["recipient"])).report.parts
    assert [(part.state, part.problem, part.cure) for part in parts] == [
        ("down", check["problem"], check["cure"]),
        ("healthy", "", ""),
    ]

    for name, value in variables(at["sender"], Endpoint(at["recipient"].url, KEY)).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConnectorError) as refused:
        connect()
    card = ProblemView(refused.value)
    assert card.problem == "Recipient: It refuses the API key (401)."
    assert card.cure == found(at["sender"], Endpoint(at["recipient"].url, KEY)).problem_of("recipient").cure


@pytest.mark.usefixtures("clients")
def test_connect_says_what_is_wrong_before_anything_is_done(at, authority, monkeypatch):
    def name(sender, recipient=at["recipient"]):
        for variable, value in variables(sender, recipient).items():
            monkeypatch.setenv(variable, value)

    name(at["recipient"])
    with pytest.raises(SettingsError, match=r"the same Identity, did:e:\S+: nobody sends"):
        connect()
    with servers.answering(servers.login_page, authority.issue(servers.HOST, days=-3)) as port:
        name(Endpoint(f"https://{servers.HOST}:{port}", KEY))
        with pytest.raises(ConnectionFailed, match=r"Sender: The certificate of \S+ has expired\. It is CN=") as failed:
            connect()
        assert failed.value.reason == "tls-expired"
    with servers.answering(servers.login_page) as port:
        name(Endpoint(f"http://{servers.HOST}:{port}", KEY))
        with pytest.raises(UnexpectedAnswer, match=r"Its page is called “Sign in & go on”\."):
            connect()


def test_the_status_of_own_connectors_has_notes_of_the_pair(clients):
    shown = NetworkStatus(Network(clients["timed"], clients["limited"]))
    notes = shown.report.notes
    assert any(note.startswith("Own pair: Relationship: They have no Relationship") for note in notes)
    assert "They have no Relationship" in shown._repr_mimebundle_()["text/html"]
    assert all(part.is_healthy for part in shown.report.parts)


def test_each_code_is_explained_once():
    """The page of problems lists the codes that the source has, and no others."""
    source = (ROOT / "enmeshed_nb" / "diagnosis.py").read_text(encoding="utf-8")
    codes = {*re.findall(r'"([a-z]+(?:-[a-z]+)+|settings|fails|unauthorized)"', source), *get_args(Reason)}
    explained = re.findall(r"(?m)^\| (`[a-z`, -]+`) \|", (ROOT / "docs" / "problems.md").read_text(encoding="utf-8"))
    listed = [code for row in explained for code in re.findall(r"`([a-z-]+)`", row)]
    assert sorted(listed) == sorted(codes)


@pytest.mark.usefixtures("clients")
def test_the_doctor_looks_at_the_connectors_of_a_profile(at, tmp_path, monkeypatch):
    """Also at those beside Sender and Recipient."""
    tables = [
        f'[mine.{side}]\nurl = "{at[name].url}"\napi_key = {{env = "{name.upper()}_KEY"}}\n'
        for side, name in (("sender", "sender"), ("recipient", "recipient"), ("third", "timed"))
    ]
    file = tmp_path / "profiles.toml"
    file.write_text("\n".join(tables))
    for name in ("sender", "recipient", "timed"):
        monkeypatch.setenv(f"{name.upper()}_KEY", at[name].api_key)

    def own(*options, **keys):
        told = enmeshed_nb("doctor", "--json", "--data-dir", tmp_path, *options, ENMESHED_NB_PROFILES=str(file), **keys)
        return [each for each in json.loads(told.stdout) if each["what"].startswith("Own ")]

    found = own("--profile", "mine")
    assert {each["state"] for each in found} == {"ok", "note"}
    assert [each["what"] for each in found if each["state"] == "note"] == ["Own Third: modules.sync"]
    wrong = own("--profile", "mine", TIMED_KEY=KEY)
    assert [each["code"] for each in wrong if each["state"] == "problem"] == ["unauthorized"]
    assert {each["state"] for each in wrong if "pair" in each["what"]} == {"ok"}
    (unknown,) = own("--profile", "yours")
    assert (unknown["code"], unknown["state"]) == ("settings", "problem")
    (none,) = own()
    assert none["found"] == "none named, the local network is used"
