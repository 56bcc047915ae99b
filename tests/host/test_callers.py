"""Whatever a caller sends: it is never an unexpected error, and it spoils nothing."""

import copy
import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from enmeshed_nb.localnet import LocalNetwork
from tests.host.api import FUTURE, Api, Json, item
from tests.host.test_routes import documented

API = "/api/core/v1"
INVALID_JSON = "error.connector.validation.invalidJsonInPayload"
INVALID_PAYLOAD = "error.runtime.validation.invalidPayload"
INVALID_PROPERTY = "error.runtime.validation.invalidPropertyValue"
DEEP = 100_000
JUNK = {
    "null": "null",
    "object": '{"a": 1}',
    "list": "[1]",
    "number": "5",
    "boolean": "true",
    "empty text": '""',
    "deep list": "[" * DEEP + "]" * DEEP,
    "deep object": '{"a":' * DEEP + "1" + "}" * DEEP,
}
HOLE = "<the place of the junk>"
# A Connector passes on what the Backbone refuses with the Backbone's code, and a 500 (the Connector's error handling).
OF_THE_BACKBONE = "error.platform."


class World(NamedTuple):
    """Two Connectors, and what bodies that can be understood are made of."""

    caller: Api
    peer: Api
    ids: dict[str, str]
    bodies: dict[str, Json]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("callers") / "network"
    with LocalNetwork.open(folder, connectors={"caller": {"debug": True}, "peer": {}}) as network:
        caller, peer = (Api(each.url, each.api_key) for each in network.state.connectors)
        yield made_world(caller, peer)
        caller.close()
        peer.close()


def made_world(caller: Api, peer: Api) -> World:
    relationship = caller.befriend(peer)
    template, loaded = caller.template(), caller.load(peer.template())
    file, file_of_peer = caller.upload(), peer.upload()
    token = peer.ok("POST", "/Tokens/Own", {"content": {}, "expiresAt": FUTURE})
    name = {"value": {"@type": "GivenName", "value": "A"}, "tags": []}
    ids = {
        "attribute": caller.ok("POST", "/Attributes", {"content": name})["id"],
        "file": file["id"],
        "relationship": relationship,
        "request": peer.ask(caller),
        "template": template["id"],
    }
    challenge = caller.ok("POST", "/Challenges", {"challengeType": "Identity"})
    content = {"@type": "ArbitraryMessageContent", "value": 1}
    creation = {"templateId": loaded["id"], "creationContent": {"@type": "ArbitraryRelationshipCreationContent"}}
    hints = {"title": "t", "valueType": "ProprietaryString", "confidentiality": "public"}
    iql = {"query": {"@type": "IQLQuery", "queryString": "GivenName", "attributeCreationHints": None, "tags": []}}
    options = {"expiresAt": FUTURE, "forIdentity": peer.address, "passwordProtection": {"password": "x"}}
    request = {"items": [item()], "expiresAt": FUTURE, "title": "x", "description": "x", "metadata": {"a": 1}}
    return World(
        caller,
        peer,
        ids,
        {
            "PUT /Attributes/CanCreate": {"content": name},
            "POST /Attributes": {"content": name},
            "POST /Attributes/{attribute}/Succeed": {"successorContent": name},
            "POST /Attributes/{attribute}/NotifyPeer": {"peer": peer.address},
            "POST /Attributes/ExecuteIdentityAttributeQuery": {
                "query": {"@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": []}
            },
            "POST /Attributes/ExecuteRelationshipAttributeQuery": {
                "query": {
                    "@type": "RelationshipAttributeQuery",
                    "key": "k",
                    "owner": "",
                    "attributeCreationHints": hints,
                }
            },
            "POST /Attributes/ExecuteThirdPartyRelationshipAttributeQuery": {
                "query": {
                    "@type": "ThirdPartyRelationshipAttributeQuery",
                    "key": "k",
                    "owner": "thirdParty",
                    "thirdParty": [peer.address],
                }
            },
            "POST /Attributes/ExecuteIQLQuery": iql,
            "POST /Attributes/ValidateIQLQuery": iql,
            "POST /BackboneNotifications": {"recipients": [peer.address], "code": "x"},
            "POST /Challenges": {"challengeType": "Relationship", "relationship": relationship},
            "POST /Challenges/Validate": {
                "challengeString": challenge["challengeString"],
                "signature": challenge["signature"],
            },
            "POST /Files/Own": {"expiresAt": FUTURE, "title": "x", "description": "x", "tags": ["x"]},
            "POST /Files/Peer": {"reference": file_of_peer["reference"]["truncated"], "password": "x"},
            "POST /Files/{file}/Token": options | {"ephemeral": True},
            "PUT /IdentityMetadata": {"reference": peer.address, "key": "k", "value": 1},
            "POST /Messages": {"recipients": [peer.address], "content": content, "attachments": [file["id"]]},
            "PUT /Relationships/CanCreate": creation,
            "POST /Relationships": creation,
            "POST /RelationshipTemplates/Own": options
            | {
                "content": {"@type": "ArbitraryRelationshipTemplateContent", "value": {}},
                "maxNumberOfAllocations": 1,
            },
            "POST /RelationshipTemplates/Peer": {"reference": loaded["reference"]["truncated"], "password": "x"},
            "POST /RelationshipTemplates/Own/{template}/Token": options | {"ephemeral": True},
            "PUT /Requests/Incoming/{request}/CanAccept": {"items": [{"accept": True}], "decidedByAutomation": False},
            "PUT /Requests/Incoming/{request}/Accept": {"items": [{"accept": True}], "decidedByAutomation": False},
            "PUT /Requests/Incoming/{request}/CanReject": {"items": [{"accept": False}], "decidedByAutomation": False},
            "PUT /Requests/Incoming/{request}/Reject": {"items": [{"accept": False}], "decidedByAutomation": False},
            "POST /Requests/Outgoing/Validate": {"content": request, "peer": peer.address},
            "POST /Requests/Outgoing": {"content": request, "peer": peer.address},
            "POST /Tokens/Own": options | {"content": {"a": 1}, "ephemeral": True},
            "POST /Tokens/Peer": {"reference": token["reference"]["truncated"], "ephemeral": True, "password": "x"},
            # no body is needed
            "POST /Account/Sync": {},
            "POST /IdentityDeletionProcess": {},
            **{
                f"PUT /Relationships/{{relationship}}/{action}": {}
                for action in (
                    "Accept",
                    "Reject",
                    "Revoke",
                    "Terminate",
                    "Reactivate",
                    "Reactivate/Accept",
                    "Reactivate/Reject",
                    "Reactivate/Revoke",
                )
            },
        },
    )


def places(body: Json, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield where something else could stand in a body: in place of all of it, and of each value."""
    yield above
    inside = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inside:
        yield from places(value, (*above, key))


def with_junk(body: Json, place: tuple[str | int, ...], junk: str) -> str:
    """Return the text of a body that has junk (JSON) in one place."""
    whole = {"": copy.deepcopy(body)}
    *way, last = ("", *place)
    at: Json = whole
    for key in way:
        at = at[key]
    at[last] = HOLE
    return json.dumps(whole[""]).replace(json.dumps(HOLE), junk)


def written(line: str) -> tuple[str, str]:
    method, path = line.split()
    return method, re.sub(r"\{\w+\}", "{}", path)


def error_of(answer: httpx.Response) -> dict[str, str]:
    error = answer.json()["error"]
    assert {"id", "code", "message", "docs", "time"} <= set(error)
    return error


def refused(answer: httpx.Response, code: str, fragment: str = "") -> None:
    error = error_of(answer)
    assert (answer.status_code, error["code"]) == (400, code), error
    assert fragment in error["message"]


def test_there_is_a_body_for_each_route_that_takes_one(world):
    with_body = {(route.method, route.path) for route in documented() if route.method in ("POST", "PUT")}
    assert {written(line) for line in world.bodies} == with_body


@pytest.mark.parametrize(
    "route", [f"{each.method} {each.path}" for each in documented() if each.method in ("POST", "PUT")]
)
def test_junk_in_any_place_of_a_body_is_no_unexpected_error(world, route):
    [(line, body)] = [(line, body) for line, body in world.bodies.items() if " ".join(written(line)) == route]
    method, path = line.format(**world.ids).split()
    for place in places(body):
        for kind, junk in JUNK.items():
            answer = world.caller.send_text(method, path, with_junk(body, place, junk))
            said = f"{kind} at {place}: {answer.status_code} {answer.text[:300]}"
            if answer.is_error:
                error = error_of(answer)
                assert answer.status_code < 500 or error["code"].startswith(OF_THE_BACKBONE), said
            if kind.startswith("deep"):
                refused(answer, INVALID_JSON, "nested more than 500 levels")


def test_nothing_that_was_sent_spoils_a_list(world):
    """A Request of some thousand levels could be stored, and no list of Requests be told any more."""
    body = world.bodies["POST /Requests/Outgoing"]
    texts = [with_junk(body, ("content", "metadata", "a"), "[" * each + "]" * each) for each in range(1000, 4000, 500)]
    answers = [world.caller.send_text("POST", "/Requests/Outgoing", text) for text in texts]
    for route in documented():
        if route.method == "GET" and "{" not in route.path and route.path not in NO_LISTS:
            assert world.caller.call("GET", route.path).status_code == 200, route.path
    for answer in answers:
        refused(answer, INVALID_JSON)


NO_LISTS = ("/IdentityMetadata", "/IdentityDeletionProcess", "/Announcements")


def test_what_is_just_not_too_deep_is_kept_and_read_again(world):
    value = "[" * 498 + "]" * 498
    text = f'{{"reference": "{world.peer.address}", "key": "deep", "value": {value}}}'
    assert world.caller.send_text("PUT", "/IdentityMetadata", text).json()["result"]["value"] == json.loads(value)
    path = f"/IdentityMetadata?reference={world.peer.address}&key=deep"
    assert world.caller.ok("GET", path)["value"] == json.loads(value)


@pytest.mark.parametrize(
    ("line", "body", "fragment"),
    [
        ("POST /Attributes", {"content": {"value": None}}, "@type"),
        ("POST /Tokens/Own", {"content": {}, "expiresAt": {}}, "expiresAt must match ISO8601"),
        ("POST /Tokens/Own", {"content": {}, "expiresAt": [FUTURE]}, "expiresAt must match ISO8601"),
        ("POST /RelationshipTemplates/Own", {"content": {}, "expiresAt": {"a": 1}}, "expiresAt must match ISO8601"),
        ("POST /RelationshipTemplates/Own/{template}/Token", {"expiresAt": [1]}, "expiresAt must match ISO8601"),
        ("POST /Files/{file}/Token", {"expiresAt": {}}, "expiresAt must match ISO8601"),
        ("POST /Messages", {"recipients": {"address": "x"}, "content": {}}, "recipients must be array"),
        ("POST /Messages", {"recipients": [{"address": "x"}], "content": {}}, "recipients/0 must be string"),
        ("POST /BackboneNotifications", {"recipients": [{}], "code": "x"}, "recipients/0 must be string"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(world, line, body, fragment):
    refused(world.caller.call(*line.format(**world.ids).split(), body), INVALID_PROPERTY, fragment)


def test_an_attribute_cannot_be_succeeded_twice(world):
    first = world.caller.ok("POST", "/Attributes", {"content": {"value": {"@type": "Surname", "value": "A"}}})["id"]
    body = {"successorContent": {"value": {"@type": "Surname", "value": "B"}}}
    world.caller.ok("POST", f"/Attributes/{first}/Succeed", body)
    again = world.caller.call("POST", f"/Attributes/{first}/Succeed", body)
    assert again.status_code == 400
    assert error_of(again)["code"].startswith("error.consumption.attributes.")


@pytest.mark.parametrize("path", ["/Messages/{}", "/Files/{}/Download", "/Relationships/{}/Attributes", "/Tokens/{}"])
@pytest.mark.parametrize("part", ["%F0%28", "%"])
def test_a_path_that_cannot_be_decoded(world, path, part):
    refused(world.caller.call("GET", path.format(part)), INVALID_PROPERTY, "path cannot be read")


FORM = {"content-type": "multipart/form-data; boundary=X"}
PART = '--X\r\nContent-Disposition: form-data; name="{}"; filename="{}"\r\n\r\nx\r\n'
EXPIRY = f'--X\r\nContent-Disposition: form-data; name="{{}}"\r\n\r\n{FUTURE}\r\n--X--\r\n'


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (PART.format("file", "a"), FORM, INVALID_PAYLOAD),  # has no end
        ("garbage", FORM, INVALID_PAYLOAD),
        ("", FORM, INVALID_PAYLOAD),
        ("x", {"content-type": "multipart/form-data"}, INVALID_PAYLOAD),
        ("--X\r\nContent-Disp\r\n\r\nx\r\n--X--\r\n", FORM, INVALID_PAYLOAD),
        (PART.format("another", "a") + EXPIRY.format("expiresAt"), FORM, INVALID_PAYLOAD),
        (PART.format("file", "a\x01b") + EXPIRY.format("expiresAt"), FORM, INVALID_PAYLOAD),
        (PART.format("file", "a\x7fb") + EXPIRY.format("expiresAt"), FORM, INVALID_PAYLOAD),
        (PART.format("file", "") + EXPIRY.format("expiresAt"), FORM, INVALID_PROPERTY),
        (PART.format("file", "a") + EXPIRY.format("expiresAt[x]"), FORM, INVALID_PROPERTY),
        (PART.format("file", "a") + EXPIRY.format("expiresAt[]"), FORM, INVALID_PROPERTY),
        ("{}", {"content-type": "application/json; charset=nonsense"}, INVALID_PAYLOAD),
        ("{}", {"content-type": "application/json", "content-encoding": "gzip"}, INVALID_PAYLOAD),
        ("a=1&" * 2000, {"content-type": "application/x-www-form-urlencoded"}, INVALID_PAYLOAD),
    ],
)
def test_a_body_that_cannot_be_read(world, content, headers, code):
    refused(world.caller.send_text("POST", "/Files/Own", content, headers), code)
