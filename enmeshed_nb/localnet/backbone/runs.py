"""The state of sync runs: which one is under way, and how one ends."""

from collections.abc import Mapping

from enmeshed_nb.localnet.backbone.call import Call


def has_open_run(call: Call) -> bool:
    """Tell whether a run of the Identity is under way.

    One that has run out is cancelled, and one of the future, too: the clock was put back since.
    """
    unfinished = "SELECT id, created_at, expires_at FROM sync_runs WHERE identity = ? AND finalized_at IS NULL"
    for run in call.rows(unfinished, call.address):
        if run["created_at"] <= call.stored_now < run["expires_at"]:
            return True
        release(call, run["id"], {})
    return False


def release(call: Call, run_id: str, errors: Mapping[str, str | None]) -> None:
    """End a run; events without a good result go back, with one error more."""
    call.execute("UPDATE sync_runs SET finalized_at = ? WHERE id = ?", call.stored_now, run_id)
    for event_id, error in errors.items():
        if error is None:
            done = "UPDATE external_events SET is_done = 1, sync_run = NULL WHERE id = ? AND sync_run = ?"
            call.execute(done, event_id, run_id)
    failed = "UPDATE external_events SET error_count = error_count + 1, sync_run = NULL WHERE sync_run = ?"
    call.execute(failed, run_id)
