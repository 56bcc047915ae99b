"""A typed client of the enmeshed Connector's HTTP API, version 7.

For example `Connector("https://connector.example.com", api_key, name="sender").account.identity_info().address`. The
namespaces and methods follow the API's routes; `ENDPOINTS` lists all of them. `AsyncConnector` is the same for asyncio.
"""

from typing import TYPE_CHECKING

from enmeshed_nb.connector._sync.client import (
    Connector,
)
from enmeshed_nb.connector._sync.requests import (
    IncomingRequests,
    OutgoingRequests,
)
from enmeshed_nb.connector.account import (
    IdentityInfo,
    SyncInfo,
    SyncRun,
)
from enmeshed_nb.connector.announcements import (
    Announcement,
    AnnouncementAction,
)
from enmeshed_nb.connector.answers import (
    Answer,
)
from enmeshed_nb.connector.attributes import (
    AttributeDeletion,
    DeletionInfo,
    ForwardingDetails,
    LocalAttribute,
    QueryError,
    QueryValidation,
    Succession,
    TagCollection,
)
from enmeshed_nb.connector.authentication import (
    ApiKey,
    Authentication,
    BearerToken,
    ClientCredentials,
)
from enmeshed_nb.connector.backbone_notifications import (
    SentNotifications,
)
from enmeshed_nb.connector.challenges import (
    Challenge,
    ChallengeType,
    ChallengeValidation,
)
from enmeshed_nb.connector.connection import (
    Tls,
)
from enmeshed_nb.connector.error_codes import (
    CODES,
    SYNC_ALREADY_RUNNING,
    Meaning,
    describe,
    without_frame,
)
from enmeshed_nb.connector.errors import (
    AnswerTimeout,
    ApiError,
    Call,
    ConnectionFailed,
    ConnectorError,
    ConnectorTooOld,
    Forbidden,
    InvalidInput,
    NotFound,
    Refused,
    ServerError,
    TokenRefused,
    Unauthorized,
    UnexpectedAnswer,
    UnsupportedVersion,
    ValidationFailed,
)
from enmeshed_nb.connector.exchange import (
    BeginObserver,
    Begun,
    Exchange,
    Observer,
    Wait,
    aside,
    curl,
    waiting,
)
from enmeshed_nb.connector.files import (
    File,
)
from enmeshed_nb.connector.filters import (
    ANY_ATTACHMENT,
    EXISTS,
    MISSING,
    AtLeast,
    AtMost,
    Contains,
    EndsWith,
    FilterValue,
    GreaterThan,
    LessThan,
    Not,
    StartsWith,
)
from enmeshed_nb.connector.identity_deletion_process import (
    IdentityDeletion,
)
from enmeshed_nb.connector.identity_metadata import (
    IdentityMetadatum,
)
from enmeshed_nb.connector.messages import (
    Message,
    MessageWithAttachments,
    Recipient,
)
from enmeshed_nb.connector.monitoring import (
    Health,
    HealthServices,
    RequestCount,
    Support,
)
from enmeshed_nb.connector.relationship_templates import (
    RelationshipTemplate,
)
from enmeshed_nb.connector.relationships import (
    AuditLogEntry,
    PeerDeletionInfo,
    Relationship,
    RelationshipStatus,
)
from enmeshed_nb.connector.requests import (
    LocalRequest,
    LocalResponse,
    RequestContent,
    RequestSource,
    RequestStatus,
    ResponseSource,
)
from enmeshed_nb.connector.resource import (
    ENDPOINTS,
    Access,
    PasswordProtection,
    Png,
    Reference,
    TokenOptions,
)
from enmeshed_nb.connector.tokens import (
    Token,
)
from enmeshed_nb.connector.validation import (
    Failure,
    ValidationResult,
)
from enmeshed_nb.connector.versions import (
    Version,
)
from enmeshed_nb.content.requests import (
    path_text,
)
from enmeshed_nb.lazy import lazily

if TYPE_CHECKING:
    from enmeshed_nb.connector._async.client import AsyncConnector
    from enmeshed_nb.connector.events import (
        TRIGGERS,
        AttributeEvent,
        AttributeSucceededEvent,
        ConnectorEvent,
        DecomposedRelationship,
        IdentityDeletionEvent,
        MessageEvent,
        MessageProcessedEvent,
        ProcessedMessage,
        ProcessedTemplate,
        RelationshipDecomposedEvent,
        RelationshipEvent,
        RequestEvent,
        RequestStatusChange,
        RequestStatusEvent,
        TemplateEvent,
        TemplateProcessedEvent,
        UnknownEvent,
        parse_event,
    )

__all__ = [
    "ANY_ATTACHMENT",
    "CODES",
    "ENDPOINTS",
    "EXISTS",
    "MISSING",
    "SYNC_ALREADY_RUNNING",
    "TRIGGERS",
    "Access",
    "Announcement",
    "AnnouncementAction",
    "Answer",
    "AnswerTimeout",
    "ApiError",
    "ApiKey",
    "AsyncConnector",
    "AtLeast",
    "AtMost",
    "AttributeDeletion",
    "AttributeEvent",
    "AttributeSucceededEvent",
    "AuditLogEntry",
    "Authentication",
    "BearerToken",
    "BeginObserver",
    "Begun",
    "Call",
    "Challenge",
    "ChallengeType",
    "ChallengeValidation",
    "ClientCredentials",
    "ConnectionFailed",
    "Connector",
    "ConnectorError",
    "ConnectorEvent",
    "ConnectorTooOld",
    "Contains",
    "DecomposedRelationship",
    "DeletionInfo",
    "EndsWith",
    "Exchange",
    "Failure",
    "File",
    "FilterValue",
    "Forbidden",
    "ForwardingDetails",
    "GreaterThan",
    "Health",
    "HealthServices",
    "IdentityDeletion",
    "IdentityDeletionEvent",
    "IdentityInfo",
    "IdentityMetadatum",
    "IncomingRequests",
    "InvalidInput",
    "LessThan",
    "LocalAttribute",
    "LocalRequest",
    "LocalResponse",
    "Meaning",
    "Message",
    "MessageEvent",
    "MessageProcessedEvent",
    "MessageWithAttachments",
    "Not",
    "NotFound",
    "Observer",
    "OutgoingRequests",
    "PasswordProtection",
    "PeerDeletionInfo",
    "Png",
    "ProcessedMessage",
    "ProcessedTemplate",
    "QueryError",
    "QueryValidation",
    "Recipient",
    "Reference",
    "Refused",
    "Relationship",
    "RelationshipDecomposedEvent",
    "RelationshipEvent",
    "RelationshipStatus",
    "RelationshipTemplate",
    "RequestContent",
    "RequestCount",
    "RequestEvent",
    "RequestSource",
    "RequestStatus",
    "RequestStatusChange",
    "RequestStatusEvent",
    "ResponseSource",
    "SentNotifications",
    "ServerError",
    "StartsWith",
    "Succession",
    "Support",
    "SyncInfo",
    "SyncRun",
    "TagCollection",
    "TemplateEvent",
    "TemplateProcessedEvent",
    "Tls",
    "Token",
    "TokenOptions",
    "TokenRefused",
    "Unauthorized",
    "UnexpectedAnswer",
    "UnknownEvent",
    "UnsupportedVersion",
    "ValidationFailed",
    "ValidationResult",
    "Version",
    "Wait",
    "aside",
    "curl",
    "describe",
    "parse_event",
    "path_text",
    "waiting",
    "without_frame",
]

if not TYPE_CHECKING:  # only who uses them waits for their import
    __getattr__, __dir__ = lazily(__name__, __all__, ["_async.client", "events"])
