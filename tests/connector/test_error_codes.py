"""The API's error codes: those that the installed Runtime and the Connector give, and no others, have a meaning."""

import re

import pytest

from enmeshed_nb.connector import CODES, describe
from enmeshed_nb.connector.error_codes import without_frame
from enmeshed_nb.localnet import node

REQUESTS = "error.consumption.requests."
OTHERS = {
    "error.connector.": "errorInErrorHandler forbidden http.methodNotAllowed http.notAcceptable http.routeDoesNotExist "
    "incomingRequests.decidedByAutomation unauthorized unexpected validation.invalidJsonInPayload",
    "error.consumption.": "attributes.forbiddenCharactersInAttribute attributes.invalidTags "
    "validation.inheritedFromItem",
    "error.platform.validation.": "message.maxNumberOfUnreceivedMessagesReached "
    "notification.codeDoesNotExist syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning",
    "error.runtime.": "attributes.cannotCreateDuplicateOwnIdentityAttribute challenges.invalidChallenge "
    "challenges.invalidChallengeString files.invalidReference "
    "identityDeletionProcess.noActiveIdentityDeletionProcess identityMetadata.notFound invalidReference "
    "messages.cannotSendMessageWithExpiredRequest messages.cannotSendRequestThatWasAlreadySent "
    "messages.hasNoActiveRelationship messages.peerIsInDeletion recordNotFound "
    "relationshipTemplates.invalidReference relationshipTemplates.requestCannotExpireAfterRelationshipTemplate "
    "relationships.wrongRelationshipStatus requestDeserialization unknown unknownType validation.invalidPayload "
    "validation.invalidPropertyValue",
    "error.transport.": "general.notIntendedForYou messages.peerIsDeleted noPasswordProvided recordNotFound "
    "relationships.relationshipCurrentlyExists relationships.relationshipTemplateIsExpired "
    "relationships.wrongRelationshipStatus",
    "": "inheritedFromItem",
}


def test_the_codes_of_requests_are_those_of_the_installed_runtime() -> None:
    sources = (node.HOST / "node_modules" / "@nmshd" / "consumption" / "dist").rglob("*.js")
    installed = {code for each in sources for code in re.findall(rf"{REQUESTS}[\w.]*\w", each.read_text("utf-8"))}
    assert len(installed) > 20
    assert {code for code in CODES if code.startswith(REQUESTS)} == installed


def test_the_codes_of_all_else_are_those_that_are_known() -> None:
    known = {prefix + name for prefix, names in OTHERS.items() for name in names.split()}
    assert {code for code in CODES if not code.startswith(REQUESTS)} == known


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("error.platform.unheardOf", "The Backbone refused or could not be reached."),
        ("error.transport.request.unheardOf", "The Connector could not reach the Backbone."),
        ("error.consumption.requests.unheardOf", "A rule about Requests is broken."),
        ("error.consumption.attributes.unheardOf", "A rule about Attributes is broken."),
        ("error.connector.unheardOf", "The Connector refused the call."),
        ("error.consumption.unheardOf", "The Runtime refused the call."),
        ("error", "The code is unknown here."),
        (None, "The code is unknown here."),
    ],
)
def test_of_an_unknown_code_it_is_told_what_its_family_has_in_common(code: str | None, what: str) -> None:
    assert describe(code).what == what


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("error.x.y: 'It's wrong.' at /app/index.js", "It's wrong."),
        ("error.x.y: 'Two\nlines.' at 2030-01-01T00:00:00Z", "Two\nlines."),
        ("Nothing around it.", "Nothing around it."),
        (None, ""),
    ],
)
def test_a_message_is_told_without_what_stands_around_it(message: str | None, said: str) -> None:
    assert without_frame(message) == said
