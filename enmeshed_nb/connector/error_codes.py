"""The API's error codes: what each means and what to do.

Codes come from enmeshed's list of error codes and from the Connector's answers; `describe` also knows what a family of
codes has in common, so that a code that is not in the table still gets a sentence.
"""

import re
from typing import NamedTuple


class Meaning(NamedTuple):
    """What a code means (a sentence) and its cure (a sentence)."""

    what: str
    cure: str


_REQUESTS = "error.consumption.requests."
_DECIDE = _REQUESTS + "decide.validation."
_MESSAGES = "error.runtime.messages."
SYNC_ALREADY_RUNNING = "error.platform.validation.syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning"
"""Another synchronisation of the same Identity runs; passes within seconds."""
UNANSWERED_CALL = "error.connector.unansweredCall"
"""A local Connector does not know whether the Backbone did what it was asked; it finds out before the next call."""
NO_IDENTITY_DELETION = "error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess"
ROUTE_DOES_NOT_EXIST = "error.connector.http.routeDoesNotExist"
INHERITED_FROM_ITEM = _REQUESTS + "validation.inheritedFromItem"
"""The problem is in one of the items below."""

CODES: dict[str, Meaning] = {
    # the Connector's HTTP layer
    "error.connector.unauthorized": Meaning(
        "The API key is missing or wrong.",
        "Check the API key; it must be enabled and not expired in the Connector's configuration.",
    ),
    "error.connector.forbidden": Meaning(
        "The API key is valid but may not use this endpoint.", "Use a key whose scopes include this endpoint."
    ),
    "error.connector.http.routeDoesNotExist": Meaning(
        "The Connector does not have this route.", "Check the Connector's version (7 is needed) and its configuration."
    ),
    "error.connector.http.methodNotAllowed": Meaning(
        "The route does not take this HTTP method.", "Check the Connector's version."
    ),
    "error.connector.http.notAcceptable": Meaning(
        "The route cannot answer in that format.", "Ask for application/json."
    ),
    "error.connector.validation.invalidJsonInPayload": Meaning("The body is not JSON.", "Send JSON."),
    "error.connector.incomingRequests.decidedByAutomation": Meaning(
        "`decidedByAutomation` may not be set from outside.", "Leave it out."
    ),
    "error.connector.unexpected": Meaning(
        "The Connector ran into an error that it did not expect.",
        "Look at the Connector's log, at the time and id of the error.",
    ),
    "error.connector.errorInErrorHandler": Meaning(
        "The Connector failed while it reported an error.", "Look at the Connector's log."
    ),
    # input
    "error.runtime.validation.invalidPropertyValue": Meaning(
        "A property has a value that is not allowed.", "Correct the property that the message names."
    ),
    "error.runtime.validation.invalidPayload": Meaning(
        "The body does not fit the endpoint.", "Compare it with the endpoint's description."
    ),
    "error.runtime.requestDeserialization": Meaning(
        "The content is malformed: a property is missing, has a wrong type or breaks a limit, or an '@type' unknown.",
        "Correct the property that the message names (Type.property :: reason).",
    ),
    "error.runtime.unknownType": Meaning(
        "The '@type' of the content is unknown.", "Use one of enmeshed's content types."
    ),
    "error.runtime.unknown": Meaning(
        "The Runtime failed without saying why in the code.",
        "Read the message. When deciding a Request, call can_accept or can_reject first: it tells which item is wrong.",
    ),
    "error.runtime.recordNotFound": Meaning(
        "There is no such object at this Connector.", "Check the id, and whether a sync is due."
    ),
    "error.transport.recordNotFound": Meaning(
        "There is no such object at this Connector.", "Check the id, and whether a sync is due."
    ),
    **dict.fromkeys(
        (
            "error.runtime.invalidReference",
            "error.runtime.files.invalidReference",
            "error.runtime.relationshipTemplates.invalidReference",
        ),
        Meaning("The reference cannot be read.", "Copy `reference.truncated` or `reference.url` completely."),
    ),
    # Requests
    **dict.fromkeys(
        (INHERITED_FROM_ITEM, "error.consumption.validation.inheritedFromItem", "inheritedFromItem"),
        Meaning("An item has an error.", "Look into the items below; `validate` and `can_accept` list them."),
    ),
    _REQUESTS + "cannotShareRequestWithYourself": Meaning(
        "The peer is this Connector itself.", "Use the address of the other one."
    ),
    _REQUESTS + "cannotCreateRequestWithExpirationDateInPast": Meaning(
        "`expiresAt` is in the past.", "Choose a time in the future."
    ),
    _REQUESTS + "missingRelationship": Meaning(
        "There is no Relationship with the peer.", "Establish one first; check the address."
    ),
    _REQUESTS + "wrongRelationshipStatus": Meaning(
        "The Relationship with the peer has the wrong status.",
        "It must be Active (Pending is enough to create a Request).",
    ),
    _REQUESTS + "peerIsInDeletion": Meaning(
        "The peer is about to delete its Identity.", "Wait whether it changes its mind."
    ),
    _REQUESTS + "peerIsDeleted": Meaning("The peer's Identity was deleted.", "No Request can reach it any more."),
    _REQUESTS + "violatedKeyUniquenessOfRelationshipAttributes": Meaning(
        "Two RelationshipAttributes of the Relationship would have the same key, owner and value type.",
        "Use another `key`.",
    ),
    _REQUESTS + "cannotCreateRequestWithDuplicateId": Meaning(
        "A Request with this id exists.", "Let the Connector choose the id."
    ),
    _REQUESTS + "canOnlyDeleteIncomingRequestThatIsExpired": Meaning(
        "Only a Request that has expired can be deleted.", "Decide it, or wait until it expires."
    ),
    _REQUESTS + "invalidRequestItem": Meaning("The item breaks a rule of its type.", "Correct what the message names."),
    # decisions
    _DECIDE + "mustBeAcceptedItemNotAccepted": Meaning(
        "The item must be accepted to accept the Request.", "Accept it too, or reject the whole Request."
    ),
    _DECIDE + "invalidNumberOfItems": Meaning(
        "The decision has another number of items than the Request (or group).",
        "Give one answer per item, in the Request's order.",
    ),
    _DECIDE + "requestItemAnsweredAsRequestItemGroup": Meaning(
        "An item was answered like a group.", 'Answer it with {"accept": …}, without `items`.'
    ),
    _DECIDE + "requestItemGroupAnsweredAsRequestItem": Meaning(
        "A group was answered like an item.", 'Answer it with {"items": […]}, one answer per item of the group.'
    ),
    _DECIDE + "itemAcceptedButRequestNotAccepted": Meaning(
        "The item is accepted although the Request is rejected.", "Reject every item, or accept the Request."
    ),
    _REQUESTS + "invalidAcceptParameters": Meaning(
        "What was given to accept the item does not fit it.", "Correct what the message names, or reject the item."
    ),
    _REQUESTS + "attributeQueryMismatch": Meaning(
        "The Attribute does not fit the query of the item.",
        "Check its kind, owner, value type, key, title and confidentiality.",
    ),
    _REQUESTS + "servalErrorDuringRequestItemProcessing": Meaning(
        "What was given to accept the item is malformed or incomplete.",
        "Add the missing parameter, e.g. `response` of a form field.",
    ),
    _REQUESTS + "unexpectedErrorDuringRequestItemProcessing": Meaning(
        "Accepting the item is not possible.",
        "Read the message; a RelationshipAttribute with that key may exist already.",
    ),
    _REQUESTS + "cannotShareRelationshipAttributeOfPendingRelationship": Meaning(
        "The Attribute belongs to a Relationship that is still Pending.", "Wait until that Relationship is Active."
    ),
    # Messages
    _MESSAGES + "hasNoActiveRelationship": Meaning(
        "There is no Active Relationship with a recipient.", "Establish one first; a Pending one is not enough to send."
    ),
    _MESSAGES + "peerIsInDeletion": Meaning("A recipient is about to delete its Identity.", "Leave it out."),
    "error.transport.messages.peerIsDeleted": Meaning("A recipient's Identity was deleted.", "Leave it out."),
    _MESSAGES + "cannotSendMessageWithExpiredRequest": Meaning(
        "The Request has expired.", "Create a new one with a later `expiresAt`."
    ),
    _MESSAGES + "cannotSendRequestThatWasAlreadySent": Meaning(
        "This Request was sent before.", "Nothing needs to be done; create a new Request to ask again."
    ),
    # Relationships and templates
    "error.transport.relationships.relationshipCurrentlyExists": Meaning(
        "There is a Relationship with this peer already.", "Use it: list the Relationships with this peer."
    ),
    **dict.fromkeys(
        (
            "error.transport.relationships.wrongRelationshipStatus",
            "error.runtime.relationships.wrongRelationshipStatus",
        ),
        Meaning("The Relationship's status does not allow this.", "Look at its `status` and `audit_log` first."),
    ),
    "error.transport.relationships.relationshipTemplateIsExpired": Meaning(
        "The template has expired.", "Ask for a new one."
    ),
    "error.runtime.relationshipTemplates.requestCannotExpireAfterRelationshipTemplate": Meaning(
        "The Request would outlive the template.", "Let it expire before the template does."
    ),
    "error.transport.noPasswordProvided": Meaning("The object is protected by a password.", "Give `password`."),
    "error.transport.general.notIntendedForYou": Meaning(
        "The object is personalised for another Identity.", "Use the Connector for which it was made."
    ),
    # Attributes
    "error.runtime.attributes.cannotCreateDuplicateOwnIdentityAttribute": Meaning(
        "An own IdentityAttribute with this value exists.", "Use that one: list the own IdentityAttributes."
    ),
    "error.consumption.attributes.invalidTags": Meaning(
        "A tag is not allowed.", "Tags need a prefix: `x:` for own ones, `bkb:`, `urn:`, `language:` or `mimetype:`."
    ),
    "error.consumption.attributes.forbiddenCharactersInAttribute": Meaning(
        "A value holds characters outside DIN 91379.", "Use Latin letters; no emoji."
    ),
    # other
    **dict.fromkeys(
        ("error.runtime.challenges.invalidChallengeString", "error.runtime.challenges.invalidChallenge"),
        Meaning("The challenge cannot be read.", "Pass `challenge_string` exactly as `challenges.create` returned it."),
    ),
    "error.platform.validation.notification.codeDoesNotExist": Meaning(
        "The Backbone knows no notification with this code.", "Ask its operator for the codes that it has."
    ),
    "error.platform.validation.message.maxNumberOfUnreceivedMessagesReached": Meaning(
        "The peer has not fetched 20 Messages of this Connector; the Backbone takes no more for it.",
        "Let the peer synchronise, then send again.",
    ),
    "error.runtime.identityMetadata.notFound": Meaning(
        "Nothing is stored for that reference and key.", "Store it first."
    ),
    "error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess": Meaning(
        "The Identity is not being deleted.", "Nothing needs to be done."
    ),
    SYNC_ALREADY_RUNNING: Meaning("Another synchronisation runs.", "Try again in some seconds."),
}
"""Code → meaning and cure."""

_FAMILIES: dict[str, Meaning] = {
    "error.platform.": Meaning(
        "The Backbone refused or could not be reached.", "Check the Backbone and the Connector's health."
    ),
    "error.transport.request.": Meaning(
        "The Connector could not reach the Backbone.", "Check the Backbone and the network."
    ),
    "error.consumption.requests.": Meaning("A rule about Requests is broken.", "Read the message."),
    "error.consumption.attributes.": Meaning("A rule about Attributes is broken.", "Read the message."),
    "error.connector.": Meaning("The Connector refused the call.", "Read the message."),
    "error.": Meaning("The Runtime refused the call.", "Read the message."),
}


def without_frame(message: str | None) -> str:
    """Return the API's message without the code before it and the time behind it."""
    return re.sub(r"^error\.\S+: '(.*)' at \S+$", r"\1", message or "", flags=re.DOTALL)


def describe(code: str | None) -> Meaning:
    """Return what *code* means; for an unknown code, what is known of its family."""
    if code in CODES:
        return CODES[code]
    for family, meaning in _FAMILIES.items():
        if (code or "").startswith(family):
            return meaning
    return Meaning("The code is unknown here.", "Read the message.")
