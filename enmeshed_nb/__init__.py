"""enmeshed-nb: the enmeshed guide as notebooks, and the Python toolkit behind them.

Here is what a script or a notebook needs first. The whole vocabulary is in `enmeshed_nb.content`, the client in
`enmeshed_nb.connector`, the flow of the guide in `enmeshed_nb.guide`, and for asyncio in `enmeshed_nb.aio`.
"""

from typing import TYPE_CHECKING

from enmeshed_nb.lazy import lazily

if TYPE_CHECKING:
    from enmeshed_nb._version import __version__
    from enmeshed_nb.connector import ApiError, AsyncConnector, Connector, ConnectorError
    from enmeshed_nb.content import AuthenticationRequestItem, ConsentRequestItem, Request, RequestItemGroup
    from enmeshed_nb.guide import (
        Decision,
        EventListener,
        Journal,
        Step,
        Summary,
        accept_all,
        active_relationship,
        ask,
        check_parameter,
        check_parameters,
        end_relationship,
        establish_relationship,
        expect_error,
        explain,
        next_step,
        reject_all,
        results_table,
        send_request,
        show_json,
        wait_for,
        wait_for_request,
        wait_for_status,
    )
    from enmeshed_nb.network import Network, connect

__all__ = [
    "ApiError",
    "AsyncConnector",
    "AuthenticationRequestItem",
    "Connector",
    "ConnectorError",
    "ConsentRequestItem",
    "Decision",
    "EventListener",
    "Journal",
    "Network",
    "Request",
    "RequestItemGroup",
    "Step",
    "Summary",
    "__version__",
    "accept_all",
    "active_relationship",
    "ask",
    "check_parameter",
    "check_parameters",
    "connect",
    "end_relationship",
    "establish_relationship",
    "expect_error",
    "explain",
    "next_step",
    "reject_all",
    "results_table",
    "send_request",
    "show_json",
    "wait_for",
    "wait_for_request",
    "wait_for_status",
]

if not TYPE_CHECKING:  # for who checks types, nothing is found that does not stand above
    __getattr__, __dir__ = lazily(__name__, __all__, ("_version", "connector", "content", "guide", "network", "aio"))
