# Made of enmeshed_nb/guide/_async/asking.py by tools/synchronous.py: change that.
"""The whole guide in one call: a Request goes out, is decided, and its Response comes back."""

from enmeshed_nb.connector import Connector, LocalRequest
from enmeshed_nb.content import Request
from enmeshed_nb.guide._sync.waiting import wait_for_request, wait_for_status
from enmeshed_nb.guide.asking import Answer, rejects
from enmeshed_nb.guide.deciding import accept_all


def send_request(sender: Connector, request: Request, peer: str, *, timeout: float = 30) -> LocalRequest:
    """Validate, create and send a Request (guide: "Check the Request's validity" to "Send the Request").

    `POST /Requests/Outgoing/Validate`, `POST /Requests/Outgoing`, `POST /Messages`, then
    `GET /Requests/Outgoing/{id}` until the status is Open.

    Args:
        sender: the Connector that asks.
        request: what it asks.
        peer: the address of the Recipient; an Active Relationship with it is needed.
        timeout: how long to wait for the status, in seconds.

    Returns:
        the Request as the Sender has it; `source.reference` is the id of the Message.

    Raises:
        ValidationFailed: the Request is not valid; nothing was created.
        ConnectorError: a call failed.
        WaitTimeout: the Request was sent and did not become Open in time.
    """
    sender.requests.outgoing.validate(request, peer).raise_for_failure()
    created = sender.requests.outgoing.create(request, peer)
    sender.messages.send(peer, created.content)
    return wait_for_status(sender.requests.outgoing, created.id, "Open", "Completed", timeout=timeout)


def ask(
    sender: Connector,
    recipient: Connector,
    request: Request,
    answer: Answer = accept_all,
    *,
    timeout: float = 30,
) -> LocalRequest:
    """Send a Request from one Connector to another one, decide it there, and fetch the Response.

        answered = ask(sender, recipient, request)                  # every item is accepted
        answered = ask(sender, recipient, request, reject_all)
        answered = ask(sender, recipient, request, lambda incoming: accept_all(incoming, {0: {"response": 5}}))
        answered.response.content.result

    Args:
        sender: the Connector that asks.
        recipient: the Connector that decides; it has an Active Relationship with *sender*.
        request: what is asked.
        answer: gets the incoming Request and returns the decision. If it rejects every item, the Request is rejected,
            else it is accepted.
        timeout: how long to wait for each status, in seconds.

    Returns:
        the Request as the Sender has it in the end: Completed, with its Response.

    Raises:
        ValidationFailed: the Request is not valid; nothing was created.
        DecisionError: *answer* does not fit the Request. It waits at the Recipient, undecided.
        ConnectorError: a call failed.
        WaitError: a status did not come.
    """
    sent = send_request(sender, request, recipient.account.identity_info().address, timeout=timeout)
    assert sent.source is not None
    incoming = wait_for_request(recipient, sent.source.reference, timeout=timeout)
    decision = answer(incoming)
    decide = recipient.requests.incoming.reject if rejects(decision) else recipient.requests.incoming.accept
    decide(incoming.id, decision)
    return wait_for_status(sender.requests.outgoing, sent.id, "Completed", sync=sender, timeout=timeout)
