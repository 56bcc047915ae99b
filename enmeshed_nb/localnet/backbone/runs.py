"""The state of sync runs: which one is under way, and how one ends."""

from collections.abc import Mapping

from sqlalchemy import select, update

from enmeshed_nb.localnet.backbone.call import Call
from enmeshed_nb.localnet.backbone.models import ExternalEvent, SyncRun


def open_run(call: Call) -> SyncRun | None:
    """Return the Identity's run that is under way.

    One that has run out is cancelled, and one of the future, too: the clock was put back since.
    """
    unfinished = select(SyncRun).where(SyncRun.identity == call.address, SyncRun.finalized_at.is_(None))
    for run in call.session.scalars(unfinished).all():
        if run.created_at <= call.now < run.expires_at:
            return run
        release(call, run, {})
    return None


def release(call: Call, run: SyncRun, errors: Mapping[str, str | None]) -> None:
    """End a run; events without a good result go back, with one error more."""
    run.finalized_at = call.now
    of_run = ExternalEvent.sync_run == run.id
    ids = call.session.scalars(select(ExternalEvent.id).where(of_run)).all()
    if good := [{"id": each, "is_done": True} for each in ids if errors.get(each, "missing") is None]:
        call.session.execute(update(ExternalEvent), good)
    failed = {"error_count": ExternalEvent.error_count + 1}
    call.session.execute(update(ExternalEvent).where(of_run, ~ExternalEvent.is_done).values(failed))
    call.session.execute(update(ExternalEvent).where(of_run).values(sync_run=None))
