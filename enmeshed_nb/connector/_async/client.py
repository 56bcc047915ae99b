"""The client of one Connector."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

import httpx

from enmeshed_nb.closing import AsyncClosing
from enmeshed_nb.connector._async.account import AsyncAccount
from enmeshed_nb.connector._async.announcements import AsyncAnnouncements
from enmeshed_nb.connector._async.attributes import AsyncAttributes
from enmeshed_nb.connector._async.backbone_notifications import AsyncBackboneNotifications
from enmeshed_nb.connector._async.challenges import AsyncChallenges
from enmeshed_nb.connector._async.files import AsyncFiles
from enmeshed_nb.connector._async.http import AsyncHttp
from enmeshed_nb.connector._async.identity_deletion_process import AsyncIdentityDeletionProcess
from enmeshed_nb.connector._async.identity_metadata import AsyncIdentityMetadata
from enmeshed_nb.connector._async.messages import AsyncMessages
from enmeshed_nb.connector._async.monitoring import AsyncMonitoring
from enmeshed_nb.connector._async.relationship_templates import AsyncRelationshipTemplates
from enmeshed_nb.connector._async.relationships import AsyncRelationships
from enmeshed_nb.connector._async.requests import AsyncRequests
from enmeshed_nb.connector._async.tokens import AsyncTokens
from enmeshed_nb.connector.answers import Answer, raw_answer
from enmeshed_nb.connector.authentication import Authentication
from enmeshed_nb.connector.connection import Connection, Tls
from enmeshed_nb.connector.errors import Call
from enmeshed_nb.connector.exchange import API, BeginObserver, Observer
from enmeshed_nb.connector.http import JSON, Body, Hook, Options, Route
from enmeshed_nb.connector.monitoring import Health
from enmeshed_nb.connector.versions import Version, require_version_7

T = TypeVar("T")


class AsyncConnector(AsyncClosing):
    """The client of one enmeshed Connector 7; its namespaces and methods follow the API.

    May be used by several tasks of one event loop, and as a context manager. A process that is forked has connections
    of its own. It can be neither pickled nor copied, because it holds secrets and open connections; secrets are
    never shown.

    Args:
        url: where the Connector is, e.g. `https://connector.example.com` or `http://127.0.0.1:8090`.
        api_key: the API key.
        auth: what authenticates instead: `ApiKey`, `BearerToken` or `ClientCredentials`.
        name: how to call it in messages and in the journal, e.g. "sender"; else host and port.
        timeout: how long to wait for an answer, in seconds.
        retries: how often a GET is repeated after a failed connection or a 502, 503 or 504. Nothing else is repeated
            (but see `with_options(resend=True)`).
        api_key_header: the header for the API key, if the Connector is configured for another one.
        tls: certificates for https: `Tls`.
        proxy: the URL of a proxy; without it, that of the environment counts (not for this machine's addresses).
        headers: headers of one's own for each call; they cannot replace what is needed.
        transport: an httpx transport, for tests.

    Raises:
        InvalidInput: one of them cannot be meant; says what to do.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        *,
        auth: Authentication | None = None,
        name: str | None = None,
        timeout: float = 60,
        retries: int = 2,
        api_key_header: str = "X-API-KEY",
        tls: Tls | None = None,
        proxy: str | None = None,
        headers: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        options = Options(timeout, retries)
        connection = Connection.of(
            url, api_key, api_key_header=api_key_header, auth=auth, tls=tls, proxy=proxy, headers=headers
        )
        self._use(AsyncHttp(connection, name=name, options=options, transport=transport))

    def _use(self, http: AsyncHttp) -> None:
        self._http = http
        self.account = AsyncAccount(http)
        self.announcements = AsyncAnnouncements(http)
        self.attributes = AsyncAttributes(http)
        self.backbone_notifications = AsyncBackboneNotifications(http)
        self.challenges = AsyncChallenges(http)
        self.files = AsyncFiles(http)
        self.identity_deletion_process = AsyncIdentityDeletionProcess(http)
        self.identity_metadata = AsyncIdentityMetadata(http)
        self.messages = AsyncMessages(http)
        self.monitoring = AsyncMonitoring(http)
        self.relationships = AsyncRelationships(http)
        self.relationship_templates = AsyncRelationshipTemplates(http)
        self.requests = AsyncRequests(http)
        self.tokens = AsyncTokens(http)

    @property
    def name(self) -> str:
        """How the Connector is called in messages and in the journal."""
        return self._http.name

    @property
    def url(self) -> str:
        """Where the Connector is, without the API's prefix."""
        return self._http.url

    async def health(self) -> Health:
        """Return whether the Connector works, also if it does not: `GET /health` (needs no API key)."""
        return await self.monitoring.health()

    async def require_version(self) -> Version:
        """Return the Connector's version: `GET /Monitoring/Version`.

        From then on it is known what this Connector is too old for; else that is asked for when it first matters.

        Raises:
            UnsupportedVersion: it is not 7.
        """
        version = await self.monitoring.version()
        self._http.remember_version(version)
        require_version_7(version.version)
        return version

    def with_options(
        self,
        *,
        timeout: float | None = None,
        retries: int | None = None,
        correlation_id: str | Hook | None = None,
        traceparent: str | Hook | None = None,
        resend: bool | None = None,
    ) -> Self:
        """Return a client of the same Connector whose calls are made in another way; what is None stays as it is.

            connector.with_options(timeout=5).account.identity_info()

        It is light, and shares the connections and who observes; closing one closes all.

        Args:
            timeout: how long to wait for an answer, in seconds.
            retries: how often a GET is repeated.
            correlation_id: by which a call is found in the logs of Connector and Backbone and at webhooks
                (`X-Correlation-ID`), or a function that gives one for each call. Else each call has its own.
            traceparent: the trace that a call belongs to, as W3C Trace Context writes it, or a function that gives it
                for each call (None: none). It is sent along as the header of that name.
            resend: whether it is found out, after a lost answer, if the Connector did what was asked; if not, the call
                is sent again, up to *retries* times. `enmeshed_nb.connector.resending` says what can be known of which.

        Raises:
            InvalidInput: one of them cannot be meant.
        """
        given = {
            "timeout": timeout,
            "retries": retries,
            "correlation_id": correlation_id,
            "traceparent": traceparent,
            "resend": resend,
        }
        return self._with({name: value for name, value in given.items() if value is not None})

    def _with(self, options: Mapping[str, Any]) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._use(self._http.with_options(**options))
        return other

    async def raw(self, call: Callable[[Self], Awaitable[T]]) -> Answer[T]:
        """Return the answer to a call as it came, beside what the call returns.

            answer = await connector.raw(lambda one: one.messages.get("MSG…"))
            answer.status, answer.headers, answer.json(), answer.value

        Args:
            call: makes the call with the client that it is given. Of several HTTP answers, the last one counts.

        Raises:
            InvalidInput: it made no call with this client.
            ConnectorError: what the call raises.
        """
        answers: list[tuple[Call, httpx.Response]] = []
        value = await call(self._with({"on_answer": lambda *answer: answers.append(answer)}))
        return raw_answer(value, answers)

    async def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | Sequence[tuple[str, str]] = (),
        json: Any = None,
        content: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        authenticated: bool = True,
        base: str = API,
    ) -> Answer[Any]:
        """Do any call, also one that this client does not know or would refuse, and return the answer as it came.

            answer = await connector.call("GET", "/Messages", query={"colour": "red"})
            answer.status, answer.headers, answer.value

        Nothing is checked, whatever the answer's status is. Observers are told of it as of any other call.

        Args:
            method: e.g. "GET".
            path: below `/api/core/v1`, e.g. `/Messages`; characters beyond ASCII are quoted (`urllib.parse.quote`).
            query: the query string's pairs, or a dict of them.
            json: what is sent as JSON; None: nothing.
            content: what is sent as it is, instead; `application/json` unless *headers* say otherwise.
            headers: beside the usual ones, or in their place, e.g. `{"Accept": "image/png"}`.
            authenticated: whether the API key is sent; one of your own is a header, with False here.
            base: what the path is below: "" for `/health` and `/Monitoring/…`.

        Returns:
            the answer; its `value` is the body as JSON, with its envelope, or None if it is none.

        Raises:
            InvalidInput: it cannot be sent as it is.
            ConnectionFailed: there is no answer.
        """
        route = Route.as_written(method, path, base)
        usual = {} if content is None else {"content-type": JSON}
        own = usual | {name.lower(): value for name, value in (headers or {}).items()}
        http = self._http.with_options(own_headers=own, authenticated=authenticated)
        pairs = list(query.items()) if isinstance(query, Mapping) else list(query)
        return await http.call_as_written(route, pairs, Body(json=json, content=content))

    def observe(self, observer: Observer, on_begin: BeginObserver | None = None) -> Callable[[], None]:
        """Call *observer* with every `Exchange` from now on; return a function that ends this.

        Args:
            observer: is told of each request that has ended, with an answer or without.
            on_begin: is told of each request when it is sent, and returns what is called when that has ended (after
                *observer* was told of it, and also if it was interrupted, which is no Exchange).
        """
        return self._http.observe(observer, on_begin)

    async def close(self) -> None:
        """End the connection, also for those that `with_options` made; closing twice does nothing more."""
        await self._http.close()

    def __repr__(self) -> str:
        return f"AsyncConnector({self.url!r}, name={self.name!r})"

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(
            "An AsyncConnector holds an API key and open connections; make a new one instead of copying it."
        )
