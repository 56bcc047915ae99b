"""The guide *Requests via Messages*, step by step."""

from enmeshed_nb.acceptance.checking import check
from enmeshed_nb.acceptance.trial import Trial, expect, expect_equal
from enmeshed_nb.content import AuthenticationRequestItem, Request


def _request(trial: Trial) -> Request:
    return Request(title=trial.mark, items=[AuthenticationRequestItem(title=trial.mark, must_be_accepted=True)])


@check("GUIDE-VALIDATE", "GUIDE-CREATE", creates="a Request that is not sent")
def create(trial: Trial) -> None:
    """Check a Request's validity, and create it."""
    peer = trial.address(trial.recipient)
    with trial.requirement("GUIDE-VALIDATE"):
        trial.sender.requests.outgoing.validate(_request(trial), peer).raise_for_failure()
    with trial.requirement("GUIDE-CREATE"):
        created = trial.sender.requests.outgoing.create(_request(trial), peer)
        expect_equal(created.status, "Draft", "The status")
        expect(created.id.startswith("REQ"), f"{created.id!r} is no id of a Request.")
