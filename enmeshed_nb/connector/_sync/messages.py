# Made of enmeshed_nb/connector/_async/messages.py by tools/synchronous.py: change that.
"""The methods of `Messages`."""

import builtins
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.files import File
from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.messages import Message, MessageWithAttachments
from enmeshed_nb.connector.requests import refuse_local_request
from enmeshed_nb.connector.resource import endpoint, recipients_of
from enmeshed_nb.content.messages import Mail, MessageContent
from enmeshed_nb.content.versions import since_of


class Messages(Resource):
    """`connector.messages`; API key scope `core:messages`."""

    @endpoint("POST", "/Messages")
    def send(
        self,
        recipients: str | Sequence[str],
        content: MessageContent | Mapping[str, Any],
        attachments: Sequence[str] = (),
    ) -> Message:
        """Send a Message: `POST /Messages`.

        Args:
            recipients: one address or several; exactly one for a Request.
            content: e.g. the `content` of a Request that was created, or a Mail.
            attachments: ids of own Files.

        Raises:
            InvalidInput: the content is a whole LocalRequest. Nothing was sent.
            Refused: e.g. no Active Relationship, or the Request was sent already (it is not sent twice).
        """
        refuse_local_request(content, "a Message")
        body = {
            "recipients": recipients_of(recipients),
            "content": content,
            "attachments": builtins.list(attachments) or None,
        }
        return self._call(self.send, Message, body=body)

    @endpoint("GET", "/Messages", newer_keys={"content.bodyFormat": since_of(Mail, "bodyFormat")})
    def list(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[Message]:
        """Return the Messages that match: `GET /Messages`. For example `list(participant=address, is_own=False)`.

        The filter `content__body_format` needs Connector 7.2.0.
        """
        return self._call(self.list, builtins.list[Message], query=query_of(filters, keywords))

    @endpoint("GET", "/Messages/{id}")
    def get(self, message_id: str) -> MessageWithAttachments:
        """Return a Message: `GET /Messages/{id}`.

        Raises:
            NotFound: there is none with this id.
        """
        return self._call(self.get, MessageWithAttachments, message_id)

    @endpoint("GET", "/Messages/{id}/Attachments/{attachmentId}")
    def attachment(self, message_id: str, attachment_id: str) -> File:
        """Return what is known of an attachment: `GET /Messages/{id}/Attachments/{attachmentId}`."""
        return self._call(self.attachment, File, message_id, attachment_id)

    @endpoint("GET", "/Messages/{id}/Attachments/{attachmentId}/Download")
    def download_attachment(self, message_id: str, attachment_id: str) -> bytes:
        """Return the bytes of an attachment: `GET /Messages/{id}/Attachments/{attachmentId}/Download`."""
        return self._download(self.download_attachment, message_id, attachment_id)

    @endpoint("GET", "/Messages/{id}/Attachments/{attachmentId}/Download")
    def download_attachment_to(self, path: Path | str, message_id: str, attachment_id: str) -> Path:
        """Write an attachment to a file, without holding it in memory: the same route."""
        return self._download_to(path, self.download_attachment_to, message_id, attachment_id)
