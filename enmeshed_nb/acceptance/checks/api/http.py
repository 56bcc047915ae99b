"""What is the same for all routes: envelopes, headers, paths, methods, bodies."""

import re
from datetime import datetime

from enmeshed_nb.acceptance.checking import check
from enmeshed_nb.acceptance.checks.api.answering import BASICS, NOBODY, expect_error
from enmeshed_nb.acceptance.kinds import unique
from enmeshed_nb.acceptance.trial import Trial, expect, expect_equal
from enmeshed_nb.connector import ConnectionFailed

IDENTITY = "/Account/IdentityInfo"
ERROR_ID = re.compile(r"ERR[A-Za-z0-9]{17}")


@check("API-ENVELOPE", "API-ERROR-ENVELOPE")
def answer_shape(trial: Trial) -> None:
    """Look at a success and at an error as they come."""
    with trial.requirement("API-ENVELOPE", goes_on=True):
        answer = trial.sender.call("GET", IDENTITY)
        expect_equal(answer.status, 200, f"The status of GET {IDENTITY}")
        expect(isinstance(answer.value, dict), "The answer is no JSON object.")
        expect_equal(set(answer.value), {"result"}, "What the answer has")
    with trial.requirement("API-ERROR-ENVELOPE"):
        answer = trial.sender.call("GET", f"/Messages/MSG{NOBODY}")
        expect(isinstance(answer.value, dict), "The answer is no JSON object.")
        expect_equal(set(answer.value), {"error"}, "What the answer has")
        error = answer.value["error"]
        lacking = {"id", "code", "message", "time", "docs"} - set(error)
        expect(not lacking, f"The error has no {', '.join(sorted(lacking))}.")
        expect(ERROR_ID.fullmatch(error["id"]), f"{error['id']!r} is no id of an error.")
        expect(error["docs"].endswith(f"#{error['code']}"), f"{error['docs']} is not about {error['code']}.")


@check(
    "API-CONTENT-TYPE",
    "API-RESPONSE-TIME",
    "API-RESPONSE-DURATION",
    "API-CORRELATION-ID",
    "API-COMPRESSION",
    "API-ETAG",
    after=BASICS,
    creates="a note about the Recipient (deleted in the end)",
)
def headers(trial: Trial) -> None:
    """Look at the headers of answers."""
    answer = trial.sender.with_options(correlation_id="enmeshed-nb-accept").call("GET", IDENTITY)
    with trial.requirement("API-CONTENT-TYPE", goes_on=True):
        found = answer.headers.get("content-type", "").replace(" ", "").lower()
        expect_equal(found, "application/json;charset=utf-8", "The content type")
    with trial.requirement("API-RESPONSE-TIME", goes_on=True):
        found = answer.headers.get("x-response-time", "")
        expect(_is_time(found), f"X-Response-Time is {found!r}, which is no time.")
    with trial.requirement("API-RESPONSE-DURATION", goes_on=True):
        found = answer.headers.get("x-response-duration-ms", "")
        expect(found.isdigit(), f"X-Response-Duration-ms is {found!r}, which is no number of milliseconds.")
    with trial.requirement("API-CORRELATION-ID", goes_on=True):
        echoed = [name for name, value in answer.headers.items() if value == "enmeshed-nb-accept"]
        expect(not echoed, f"It stands in {', '.join(echoed)} of the answer.")
    with trial.requirement("API-ETAG", goes_on=True):
        expect(answer.headers.get("etag"), "There is no ETag.")
    peer, key = trial.address(trial.recipient), unique(trial)
    trial.sender.identity_metadata.upsert(peer, "long " * 500, key)
    with trial.requirement("API-COMPRESSION", goes_on=True):
        query = {"reference": peer, "key": key}
        long = trial.sender.call("GET", "/IdentityMetadata", query=query, headers={"Accept-Encoding": "gzip"})
        expect_equal(long.headers.get("content-encoding"), "gzip", "The encoding of a long answer")
    trial.sender.identity_metadata.delete(peer, key)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


@check(
    "API-PATHS", "API-HEAD", "API-FORM-BODY", after=BASICS, creates="a note about the Recipient (deleted in the end)"
)
def ways_to_ask(trial: Trial) -> None:
    """Ask in other ways that are understood, too."""
    one = trial.sender
    with trial.requirement("API-PATHS", goes_on=True):
        for path in ("/account/IDENTITYINFO", f"{IDENTITY}/"):
            expect_equal(one.call("GET", path).status, 200, f"The status of GET {path}")
    with trial.requirement("API-HEAD", goes_on=True):
        answer = one.call("HEAD", "/Messages")
        expect_equal((answer.status, answer.content), (200, b""), "The answer to HEAD /Messages")
    peer = trial.address(trial.recipient)
    with trial.requirement("API-FORM-BODY"):
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = one.call(
            "PUT", "/IdentityMetadata", content=f"reference={peer}&key=enmeshed-nb-form&value=v", headers=form
        )
        expect_equal(answer.status, 200, "The status of PUT /IdentityMetadata with a form")
        one.identity_metadata.delete(peer, "enmeshed-nb-form")


@check(
    "API-ERROR-INVALID-JSON",
    "API-ERROR-UNKNOWN-ROUTE",
    "API-ERROR-METHOD",
    "API-ERROR-NOT-ACCEPTABLE",
    "API-ERROR-NOT-ACCEPTABLE-LAX",
    "API-ERROR-TOO-LARGE",
    after=BASICS,
)
def refused_before_it_is_read(trial: Trial) -> None:
    """Ask for what is refused whatever it is about."""
    one = trial.sender
    with trial.requirement("API-ERROR-INVALID-JSON", goes_on=True):
        answer = one.call("POST", "/Messages", content="{", authenticated=False)
        expect_error(answer, 400, "error.connector.validation.invalidJsonInPayload")
    with trial.requirement("API-ERROR-UNKNOWN-ROUTE", goes_on=True):
        expect_error(one.call("GET", "/Nothing"), 404, "error.connector.http.routeDoesNotExist")
    with trial.requirement("API-ERROR-METHOD", goes_on=True):
        for method, path in (("PATCH", "/Messages"), ("DELETE", "/Requests/Outgoing"), ("POST", IDENTITY)):
            expect_error(one.call(method, path), 405, "error.connector.http.methodNotAllowed")
    with trial.requirement("API-ERROR-NOT-ACCEPTABLE", goes_on=True):
        for path in ("/Messages", "/Requests/Incoming", "/Files", "/Relationships"):
            answer = one.call("GET", path, headers={"Accept": "text/xml"})
            expect_error(answer, 406, "error.connector.http.notAcceptable")
    with trial.requirement("API-ERROR-NOT-ACCEPTABLE-LAX", goes_on=True):
        answer = one.call("GET", "/RelationshipTemplates", headers={"Accept": "text/xml"})
        expect_equal(answer.status, 200, "The status of GET /RelationshipTemplates that accepts text/xml")
    with trial.requirement("API-ERROR-TOO-LARGE"):
        try:
            answer = one.call("POST", "/Requests/Outgoing/Validate", json={"content": "x" * 2_100_000})
        except ConnectionFailed:  # it was refused before all of it was sent
            return
        expect(answer.status >= 400, f"It is answered with {answer.status}.")
