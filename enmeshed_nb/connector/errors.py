"""What can go wrong with a Connector.

    ConnectorError              a UserError, see enmeshed_nb.errors
    ├── InvalidInput            not sent: the input cannot be meant
    │   └── ConnectorTooOld     not sent: this version of the Connector does not know it
    ├── ConnectionFailed        no answer
    │   └── AnswerTimeout       no answer in time
    ├── TokenRefused            not sent: the issuer gives no token for the Connector
    ├── UnexpectedAnswer        an answer, but not a Connector's
    │   └── UnsupportedVersion  a Connector's, but not of version 7
    ├── ValidationFailed        a negative ValidationResult, by `raise_for_failure()`
    └── ApiError                the Connector answered with an error
        ├── Unauthorized        401
        ├── Forbidden           403
        ├── NotFound            404
        ├── Refused             400 and every other 4xx
        └── ServerError         5xx

Each says what to do in `str()`. None of them holds an API key or another secret.
"""
# ruff: noqa: N818 - the names say what happened; the root says that it is an error

from dataclasses import dataclass, field
from typing import Any, Self

from enmeshed_nb.connector.error_codes import Meaning, describe
from enmeshed_nb.content.requests import ItemPath
from enmeshed_nb.errors import UserError
from enmeshed_nb.printable import printable_lines


@dataclass(frozen=True)
class Call:
    """A call of the API: the Connector's name, HTTP method and path.

    Attributes:
        correlation_id: by which the call is found in the logs of Connector and Backbone; None if nothing was sent.
    """

    connector: str
    method: str
    path: str
    correlation_id: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path} ({self.connector})"


class ConnectorError(UserError):
    """Anything that went wrong with a Connector.

    Args:
        problem: what is wrong.
        cure: what to do.
        call: the call of the API.
        path: the item of the Request (or decision) that it is about.
        advice: deprecated, `cure` is meant.

    Attributes:
        problem: what is wrong.
        cure: what to do.
        call: the call of the API, None if there was none.
        path: the item that it is about; `()` for the whole, or if it is about something else.
        status: the HTTP status of the answer, None without one.
        code: the API's error code (`error.…`), None without one.
    """

    status: int | None = None
    code: str | None = None

    def __init__(
        self, problem: str, cure: str = "", *, call: Call | None = None, path: ItemPath = (), advice: str = ""
    ) -> None:
        super().__init__(problem, cure or advice)
        self.call = call
        self.path = path

    @property
    def correlation_id(self) -> str | None:
        """By which the call is found in the logs of Connector and Backbone; None if nothing was sent."""
        return self.call.correlation_id if self.call else None

    @property
    def message(self) -> str:
        """Deprecated: `problem`."""
        return self.problem

    @property
    def advice(self) -> str:
        """Deprecated: `cure`."""
        return self.cure

    def __str__(self) -> str:
        cure = f"\nWhat to do: {self.cure}" if self.cure else ""
        return printable_lines(f"{f'{self.call}: ' if self.call else ''}{self.problem}{cure}")


class InvalidInput(ConnectorError, ValueError):
    """Nothing was sent, because the input cannot be meant like that."""


class ConnectorTooOld(InvalidInput):
    """Nothing was sent, because it holds something that this version of the Connector does not know yet."""


class ConnectionFailed(ConnectorError):
    """The Connector could not be reached, or the connection broke.

    Attributes:
        was_sent: False if the Connector cannot have got the call; else it may have done what was asked.
    """

    was_sent: bool = True


class AnswerTimeout(ConnectionFailed, TimeoutError):
    """The Connector did not answer in time; it may have done what was asked nevertheless."""


class TokenRefused(ConnectorError):
    """Nothing was sent, because the issuer gives no token for it; says why."""


class UnexpectedAnswer(ConnectorError):
    """Something answered that is not a Connector's API, or an answer could not be understood."""


class UnsupportedVersion(UnexpectedAnswer):
    """The Connector is not of version 7."""


class ValidationFailed(ConnectorError):
    """A ValidationResult is negative; its `failures()` tell each problem with its item, `path` is that of the first.

    Attributes:
        result: the ValidationResult.
    """

    result: Any = None


class ApiError(ConnectorError):
    """The Connector answered with an error.

    Attributes:
        id: the error's id (`ERR…`), to be found in the Connector's log.
        api_message: the API's message.
        meaning: what the code means, and what to do.
    """

    def __init__(self, call: Call, status: int, error: dict[str, Any], meaning: Meaning | None = None) -> None:
        self.status = status
        self.code = error.get("code")
        self.id = error.get("id")
        self.api_message = str(error.get("message", ""))
        self.meaning = meaning or describe(self.code)
        super().__init__(
            f"{status} {self.code or ''}\n{self.meaning.what}\nThe API says: {self.api_message}",
            self.meaning.cure,
            call=call,
        )

    @classmethod
    def from_answer(cls, call: Call, status: int, error: dict[str, Any], unauthorized: Meaning | None = None) -> Self:
        """Return the error that fits the HTTP status and the error envelope's content.

        Args:
            call: the call.
            status: the HTTP status.
            error: the error envelope's content.
            unauthorized: what a 401 means, if no API key was sent.
        """
        kinds: dict[int, type[ApiError]] = {401: Unauthorized, 403: Forbidden, 404: NotFound}
        kind = kinds.get(status, ServerError if status >= 500 else Refused)
        return kind(call, status, error, unauthorized if status == 401 else None)  # type: ignore[return-value]


class Unauthorized(ApiError):
    """The API key is missing or wrong."""


class Forbidden(ApiError):
    """The API key lacks the scope."""


class NotFound(ApiError):
    """There is no such object (or no such route)."""


class Refused(ApiError):
    """The Connector does not do what was asked: it is malformed or breaks a rule."""


class ServerError(ApiError):
    """The Connector or its Backbone failed."""
