"""Errors of the Backbone and the JSON that the Runtime reads them from.

The Runtime only reads the body of a 400, 404 or 500, so every business error is a 400 and nothing is ever a 422.
"""

import logging
import sqlite3
from datetime import datetime

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from enmeshed_nb.localnet.backbone.formats import new_id, timestamp, utcnow
from enmeshed_nb.localnet.backbone.limits import TOO_LARGE

log = logging.getLogger("backbone")


class BackboneError(Exception):
    """What a request is refused with: an HTTP status, a code, a message; what it did so far is undone, or kept."""

    def __init__(self, status: int, code: str, message: str, *, keeps_changes: bool = False) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.keeps_changes = status, code, message, keeps_changes


def refused(code: str, message: str) -> BackboneError:
    """Return the error for a broken rule: 400 `error.platform.validation.<code>`."""
    return BackboneError(400, f"error.platform.validation.{code}", message)


def invalid(message: str) -> BackboneError:
    """Return the error for a field whose value is missing or wrong."""
    return refused("invalidPropertyValue", message)


def not_found(what: str, more: str = "Make sure the ID exists and the record is not expired.") -> BackboneError:
    """Return the error for something that does not exist, or not for the caller."""
    return BackboneError(404, "error.platform.recordNotFound", f"{what} not found. {more}".strip())


def not_found_or_password(what: str) -> BackboneError:
    """Return the error for something that may be there but that the caller may not fetch."""
    more = (
        "Make sure the ID exists and the record is not expired. "
        "If a password is required to fetch the record, make sure you passed the correct one."
    )
    return not_found(what, more)


def forbidden(*, keeps_changes: bool = False) -> BackboneError:
    """Return the error for a party that may not do this."""
    message = "You are not allowed to do this."
    return BackboneError(403, "error.platform.forbidden", message, keeps_changes=keeps_changes)


def unauthorized() -> BackboneError:
    """Return the error for a caller who is not logged in."""
    return BackboneError(401, "error.platform.unauthorized", "Unauthorized.")


def envelope(error: BackboneError, now: datetime) -> JSONResponse:
    """Return the answer that carries an error."""
    body = {
        "id": new_id("ERR"),
        "code": error.code,
        "message": error.message.encode(errors="replace").decode(),
        "docs": "",
        "time": timestamp(now),
        "data": None,
    }
    return JSONResponse({"error": body}, status_code=error.status)


def install_handlers(app: FastAPI) -> None:
    """Let an application answer every error with the envelope."""

    @app.exception_handler(BackboneError)
    async def _refused(_: Request, error: BackboneError) -> Response:
        return envelope(error, utcnow())

    @app.exception_handler(RequestValidationError)
    async def _malformed(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return envelope(BackboneError(400, "error.platform.inputCannotBeParsed", "The body is no JSON."), utcnow())
        path = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        return envelope(invalid(f"{path}: {first['msg']}"), utcnow())

    @app.exception_handler(UnicodeEncodeError)
    async def _unwritable(_: Request, error: UnicodeEncodeError) -> Response:
        # JSON can hold half a character ("\ud800"), which cannot be stored.
        return envelope(invalid("A text holds half a character."), utcnow())

    @app.exception_handler(HTTPException)
    async def _no_route(_: Request, error: HTTPException) -> Response:
        if error.status_code == TOO_LARGE:
            return envelope(invalid("The body is too large."), utcnow())
        if error.status_code == 401:
            return envelope(unauthorized(), utcnow())
        codes = {404: "routeNotFound", 405: "methodNotAllowed"}
        code = f"error.platform.{codes.get(error.status_code, 'inputCannotBeParsed')}"
        status = error.status_code if error.status_code in codes else 400
        return envelope(BackboneError(status, code, str(error.detail)), utcnow())

    @app.exception_handler(OperationalError)
    @app.exception_handler(sqlite3.OperationalError)
    async def _not_stored(request: Request, error: OperationalError | sqlite3.OperationalError) -> Response:
        # A full disk, say: nothing of the call was stored.
        said = f"The Backbone cannot store or read that: {getattr(error, 'orig', error)}."
        log.error("%s %s failed: %s", request.method, request.url.path, said)
        return envelope(BackboneError(500, "error.platform.unexpected", said), utcnow())

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return envelope(BackboneError(500, "error.platform.unexpected", "An unexpected error occurred."), utcnow())
