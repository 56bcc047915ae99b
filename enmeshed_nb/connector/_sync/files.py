# Made of enmeshed_nb/connector/_async/files.py by tools/synchronous.py: change that.
"""The methods of `Files`."""

import builtins
import mimetypes
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Unpack

from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.errors import InvalidInput
from enmeshed_nb.connector.files import File
from enmeshed_nb.connector.filters import FilterValue, query_of
from enmeshed_nb.connector.http import Body
from enmeshed_nb.connector.resource import (
    Png,
    Reference,
    TokenOptions,
    endpoint,
    options_json,
    reference_of,
)
from enmeshed_nb.connector.tokens import Token
from enmeshed_nb.content.model import to_json


class Files(Resource):
    """`connector.files`; API key scope `core:files`."""

    @endpoint("POST", "/Files/Own")
    def upload_own(
        self,
        file: Path | str | bytes | BinaryIO,
        expires_at: datetime | str,
        *,
        filename: str | None = None,
        mimetype: str | None = None,
        title: str | None = None,
        description: str | None = None,
        tags: Sequence[str] = (),
    ) -> File:
        """Upload a File: `POST /Files/Own`.

        Args:
            file: a path (a text is a path, too), the bytes, or a file opened in binary mode.
            expires_at: when the Backbone deletes it.
            filename: needed for bytes; else taken from the path.
            mimetype: guessed from the filename if not given.
            title: what people see.
            description: more of it.
            tags: see `IdentityAttribute`.

        Raises:
            InvalidInput: there is no filename.
            OSError: the path cannot be read.
        """
        name = filename or Path(file if isinstance(file, str | Path) else str(getattr(file, "name", ""))).name
        if not name:
            raise InvalidInput("The file has no name.", "Give filename=….")
        kind = mimetype or mimetypes.guess_type(name)[0] or "application/octet-stream"
        fields = {"expiresAt": expires_at, "title": title, "description": description, "tags": builtins.list(tags)}
        form = {key: to_json(value) for key, value in fields.items() if value not in (None, [])}
        with ExitStack() as opened:
            content = opened.enter_context(Path(file).open("rb")) if isinstance(file, str | Path) else file
            return self._call(self.upload_own, File, body=Body(form=form, file=(name, content, kind)))

    @endpoint("POST", "/Files/Peer")
    def load_peer(self, reference: str | Reference, password: str | None = None) -> File:
        """Load the File of someone else by its reference: `POST /Files/Peer`."""
        body = {"reference": reference_of(reference), "password": password}
        return self._call(self.load_peer, File, body=body)

    @endpoint("GET", "/Files")
    def list(self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue) -> builtins.list[File]:
        """Return the Files that match: `GET /Files`."""
        return self._call(self.list, builtins.list[File], query=query_of(filters, keywords))

    @endpoint("GET", "/Files/Own")
    def list_own(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[File]:
        """Return the own Files that match: `GET /Files/Own`."""
        return self._call(self.list_own, builtins.list[File], query=query_of(filters, keywords))

    @endpoint("GET", "/Files/Peer")
    def list_peer(
        self, filters: Mapping[str, FilterValue] | None = None, /, **keywords: FilterValue
    ) -> builtins.list[File]:
        """Return the Files of peers that match: `GET /Files/Peer`."""
        return self._call(self.list_peer, builtins.list[File], query=query_of(filters, keywords))

    @endpoint("GET", "/Files/{idOrReference}")
    def get(self, id_or_reference: str | Reference) -> File:
        """Return what is known of a File, by its id or a reference: `GET /Files/{idOrReference}`."""
        return self._call(self.get, File, reference_of(id_or_reference))

    @endpoint("GET", "/Files/{idOrReference}")
    def get_png(self, id_or_reference: str | Reference) -> Png:
        """Return a File's reference as a QR code: `GET /Files/{idOrReference}` as image/png."""
        return self._call(self.get_png, Png, reference_of(id_or_reference))

    @endpoint("GET", "/Files/{id}/Download")
    def download(self, file_id: str) -> bytes:
        """Return the bytes of a File: `GET /Files/{id}/Download`."""
        return self._download(self.download, file_id)

    @endpoint("GET", "/Files/{id}/Download")
    def download_to(self, path: Path | str, file_id: str) -> Path:
        """Write a File to *path*, without holding it in memory: `GET /Files/{id}/Download`."""
        return self._download_to(path, self.download_to, file_id)

    @endpoint("POST", "/Files/{id}/Token")
    def create_token(self, file_id: str, **options: Unpack[TokenOptions]) -> Token:
        """Create a Token that opens a File: `POST /Files/{id}/Token`. Options: see `TokenOptions`."""
        return self._call(self.create_token, Token, file_id, body=options_json(TokenOptions, options))

    @endpoint("POST", "/Files/{id}/Token")
    def create_token_png(self, file_id: str, **options: Unpack[TokenOptions]) -> Png:
        """Like `create_token`, as a QR code of an ephemeral Token: the same route as image/png."""
        return self._call(self.create_token_png, Png, file_id, body=options_json(TokenOptions, options))

    @endpoint("DELETE", "/Files/{id}")
    def delete(self, file_id: str) -> None:
        """Delete a File: `DELETE /Files/{id}`."""
        return self._call(self.delete, type(None), file_id)

    @endpoint("PATCH", "/Files/{id}/RegenerateOwnershipToken")
    def regenerate_ownership_token(self, file_id: str) -> File:
        """Make a new ownership token for an own File: `PATCH /Files/{id}/RegenerateOwnershipToken`."""
        return self._call(self.regenerate_ownership_token, File, file_id)
