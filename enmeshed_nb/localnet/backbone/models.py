"""The tables. Everything encrypted is kept as the text that it came as; the Backbone cannot read it."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    TypeDecorator,
    UniqueConstraint,
    and_,
    or_,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from enmeshed_nb.localnet.backbone.formats import new_id


class UtcDateTime(TypeDecorator[datetime]):
    """Points in time: aware ones in Python, UTC in the file."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Make the value naive."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Make the value aware."""
        return value.replace(tzinfo=UTC) if value else None


class Base(DeclarativeBase):
    """The base of all tables."""

    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[str]: JSON}


def _id(prefix: str) -> Mapped[str]:
    return mapped_column(primary_key=True, default=lambda: new_id(prefix))


class Challenge(Base):
    """A text to be signed, once, by who wants to become an Identity or to prove something."""

    __tablename__ = "challenges"
    id: Mapped[str] = _id("CHL")
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_by: Mapped[str | None]
    created_by_device: Mapped[str | None]


class Identity(Base):
    """An Identity: whoever has devices, Relationships and Messages."""

    __tablename__ = "identities"
    address: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[str]
    client_id: Mapped[str]
    created_at: Mapped[datetime]
    datawallet_version: Mapped[int | None]
    next_event_index: Mapped[int] = mapped_column(default=0)
    next_modification_index: Mapped[int] = mapped_column(default=0)
    next_run_index: Mapped[int] = mapped_column(default=0)


class Device(Base):
    """A device of an Identity; its user name outlives the Identity."""

    __tablename__ = "devices"
    id: Mapped[str] = _id("DVC")
    identity: Mapped[str] = mapped_column(index=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str | None]
    last_login_at: Mapped[datetime | None]
    communication_language: Mapped[str] = mapped_column(default="en")
    is_backup_device: Mapped[bool] = mapped_column(default=False)
    push_identifier: Mapped[str | None]
    identity_removed_at: Mapped[datetime | None]


class AccessToken(Base):
    """A bearer token, stored as its hash."""

    __tablename__ = "access_tokens"
    hash: Mapped[str] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]


class DeletionProcess(Base):
    """An Identity on its way out."""

    __tablename__ = "deletion_processes"
    id: Mapped[str] = _id("IDP")
    identity: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    created_at: Mapped[datetime]
    created_by_device: Mapped[str]
    grace_period_ends_at: Mapped[datetime] = mapped_column(index=True)
    cancelled_at: Mapped[datetime | None]
    cancelled_by_device: Mapped[str | None]


class SyncRun(Base):
    """One synchronisation of one device."""

    __tablename__ = "sync_runs"
    id: Mapped[str] = _id("SYR")
    identity: Mapped[str]
    device: Mapped[str]
    type: Mapped[str]
    index: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    finalized_at: Mapped[datetime | None]
    event_count: Mapped[int] = mapped_column(default=0)
    __table_args__ = (Index("open_runs", "identity", "finalized_at"),)


class ExternalEvent(Base):
    """Something that happened to an Identity and that its next sync run will fetch."""

    __tablename__ = "external_events"
    id: Mapped[str] = _id("EEI")
    owner: Mapped[str]
    type: Mapped[str]
    index: Mapped[int]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    context: Mapped[str | None] = mapped_column(index=True)
    error_count: Mapped[int] = mapped_column(default=0)
    is_blocked: Mapped[bool] = mapped_column(default=False)
    is_done: Mapped[bool] = mapped_column(default=False)
    sync_run: Mapped[str | None] = mapped_column(index=True)
    __table_args__ = (UniqueConstraint("owner", "index"), Index("pending", "owner", "is_done"))


class DatawalletModification(Base):
    """One change to the encrypted datawallet that the devices of an Identity share."""

    __tablename__ = "datawallet_modifications"
    id: Mapped[str] = _id("DWM")
    identity: Mapped[str]
    index: Mapped[int]
    object_identifier: Mapped[str]
    payload_category: Mapped[str | None]
    collection: Mapped[str]
    type: Mapped[str]
    encrypted_payload: Mapped[str | None]
    datawallet_version: Mapped[int]
    created_at: Mapped[datetime]
    created_by_device: Mapped[str]
    __table_args__ = (UniqueConstraint("identity", "index"),)


class Template(Base):
    """A RelationshipTemplate."""

    __tablename__ = "relationship_templates"
    id: Mapped[str] = _id("RLT")
    created_by: Mapped[str] = mapped_column(index=True)
    created_by_device: Mapped[str]
    created_at: Mapped[datetime]
    content: Mapped[str | None]
    expires_at: Mapped[datetime | None]
    max_number_of_allocations: Mapped[int | None]
    for_identity: Mapped[str | None]
    password: Mapped[str | None]
    allocations: Mapped[list["TemplateAllocation"]] = relationship(cascade="all, delete-orphan")


class TemplateAllocation(Base):
    """An Identity that has loaded a RelationshipTemplate."""

    __tablename__ = "relationship_template_allocations"
    template: Mapped[str] = mapped_column(ForeignKey("relationship_templates.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)


class Relationship(Base):
    """Two Identities that know each other: `from_` loaded the template, `to` had made it."""

    __tablename__ = "relationships"
    id: Mapped[str] = _id("REL")
    template: Mapped[str]
    from_: Mapped[str] = mapped_column("from")
    to: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime]
    creation_content: Mapped[str | None]
    creation_response_content: Mapped[str | None]
    is_decomposed_by_from: Mapped[bool] = mapped_column(default=False)
    is_decomposed_by_to: Mapped[bool] = mapped_column(default=False)
    audit_log: Mapped[list["AuditLogEntry"]] = relationship(
        order_by="AuditLogEntry.number", cascade="all, delete-orphan"
    )
    __table_args__ = (Index("relationships_from", "from", "to"), Index("relationships_to", "to", "from"))

    def peer_of(self, address: str) -> str:
        """Return the other party."""
        return self.to if address == self.from_ else self.from_

    def is_decomposed_by(self, address: str) -> bool:
        """Tell whether a party has decomposed the Relationship; to it, it is gone."""
        return self.is_decomposed_by_from if address == self.from_ else self.is_decomposed_by_to

    def decompose_for(self, address: str) -> None:
        """Remember that a party has decomposed the Relationship."""
        if address == self.from_:
            self.is_decomposed_by_from = True
        else:
            self.is_decomposed_by_to = True

    @staticmethod
    def is_known_to(address: str) -> ColumnElement[bool]:
        """Return the condition that an Identity is a party that has not decomposed the Relationship."""
        return or_(
            and_(Relationship.from_ == address, ~Relationship.is_decomposed_by_from),
            and_(Relationship.to == address, ~Relationship.is_decomposed_by_to),
        )


class AuditLogEntry(Base):
    """One change of a Relationship's status."""

    __tablename__ = "relationship_audit_log"
    number: Mapped[int] = mapped_column(primary_key=True)
    relationship: Mapped[str] = mapped_column(ForeignKey("relationships.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    created_by_device: Mapped[str | None]
    reason: Mapped[str]
    old_status: Mapped[str | None]
    new_status: Mapped[str]


class Message(Base):
    """A Message: one encrypted body for all recipients."""

    __tablename__ = "messages"
    id: Mapped[str] = _id("MSG")
    created_by: Mapped[str] = mapped_column(index=True)
    created_by_device: Mapped[str]
    created_at: Mapped[datetime]
    body: Mapped[str]
    attachments: Mapped[list[str]]
    recipients: Mapped[list["MessageRecipient"]] = relationship(
        order_by="MessageRecipient.number", cascade="all, delete-orphan"
    )


class MessageRecipient(Base):
    """One recipient of a Message, with the Message's key sealed for it."""

    __tablename__ = "message_recipients"
    number: Mapped[int] = mapped_column(primary_key=True)
    message: Mapped[str] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    address: Mapped[str]
    relationship: Mapped[str]
    sender: Mapped[str]
    encrypted_key: Mapped[str]
    received_at: Mapped[datetime | None]
    received_by_device: Mapped[str | None]
    __table_args__ = (Index("unreceived", "address", "sender", "received_at"),)


class Token(Base):
    """A Token: something encrypted that whoever knows its reference can fetch."""

    __tablename__ = "tokens"
    id: Mapped[str] = _id("TOK")
    created_by: Mapped[str | None] = mapped_column(index=True)
    created_by_device: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    content: Mapped[str | None]
    for_identity: Mapped[str | None]
    password: Mapped[str | None]


class TokenAllocation(Base):
    """An Identity that has fetched a Token."""

    __tablename__ = "token_allocations"
    token: Mapped[str] = mapped_column(ForeignKey("tokens.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)


class File(Base):
    """An encrypted File."""

    __tablename__ = "files"
    id: Mapped[str] = _id("FIL")
    created_by: Mapped[str] = mapped_column(index=True)
    created_by_device: Mapped[str]
    created_at: Mapped[datetime]
    owner: Mapped[str] = mapped_column(index=True)
    owner_signature: Mapped[str]
    cipher_hash: Mapped[str]
    cipher_size: Mapped[int]
    expires_at: Mapped[datetime]
    encrypted_properties: Mapped[str]
    ownership_token: Mapped[str]
    ownership_is_locked: Mapped[bool] = mapped_column(default=False)
    last_ownership_claim_at: Mapped[datetime | None]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Announcement(Base):
    """An Announcement, made through the admin API."""

    __tablename__ = "announcements"
    id: Mapped[str] = _id("ANC")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    severity: Mapped[str]
    is_silent: Mapped[bool]
    iql_query: Mapped[str | None]
    recipients: Mapped[list[str]]
    texts: Mapped[dict[str, Any]]
    actions: Mapped[dict[str, Any]]
