"""What the local Backbone really stores: read from its file, as nobody can who only has the API."""

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from enmeshed_nb.localnet.errors import NetworkError
from enmeshed_nb.localnet.settings import Folder


@dataclass(frozen=True)
class StoredMessage:
    """A Message as the Backbone has it: it knows who wrote to whom and when, and nothing of what.

    Attributes:
        id: the Message.
        created_by: the sender's address.
        body: the cipher text, base64url.
        sealed_keys: for each recipient's address the Message's key, sealed so that only that recipient can open it.
    """

    id: str
    created_by: str
    body: str
    sealed_keys: dict[str, str]


def stored_message(data_dir: Path | str, message_id: str) -> StoredMessage:
    """Read a Message from the Backbone's file in a network's folder.

    Raises:
        NetworkError: there is no such file, or no such Message in it.
    """
    # SQLAlchemy and the Backbone take half a second to import: only who looks behind the curtain waits for it.
    from sqlalchemy import create_engine, select  # noqa: PLC0415
    from sqlalchemy.orm import Session  # noqa: PLC0415

    from enmeshed_nb.localnet.backbone.models import Message  # noqa: PLC0415

    folder = Folder(Path(data_dir))
    path = folder.backbone_store
    if not path.is_file():
        raise NetworkError(f"There is no Backbone in {data_dir}.", f"Start the network first: {folder.command('up')}")
    engine = create_engine(f"sqlite:///file:{path}?mode=ro&uri=true")
    with closing(Session(engine)) as session:
        message = session.scalar(select(Message).where(Message.id == message_id))
        if message is None:
            raise NetworkError(f"The Backbone in {data_dir} has no Message {message_id}.", "Send it first.")
        keys = {recipient.address: recipient.encrypted_key for recipient in message.recipients}
        found = StoredMessage(message.id, message.created_by, message.body, keys)
    engine.dispose()
    return found
