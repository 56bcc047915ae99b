"""What a load came to: percentiles of each step, what failed, what was lost; and how two loads compare.

All values are kept, since a load is bounded: a percentile is one of them (the nearest rank), not an estimate.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from enmeshed_nb.load.driving import STEPS, Load, Trip
from enmeshed_nb.load.errors import LoadError

Json = dict[str, Any]
PERCENTILES = (50, 90, 95, 99)
ROUND_TRIP = "round trip"
FORMAT = 1
"""Of `load.json`; another one cannot be compared."""


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of some values that so many percent of them do not exceed.

    Args:
        values: at least one, ascending.
        percent: more than 0, at most 100.
    """
    return values[math.ceil(percent / 100 * len(values)) - 1]


def distribution(seconds: Iterable[float]) -> Json:
    """Return count, percentiles and maximum of durations, in milliseconds; `{"count": 0}` of none."""
    values = sorted(1000 * each for each in seconds)
    if not values:
        return {"count": 0}
    found = {f"p{percent}": round(percentile(values, percent), 3) for percent in PERCENTILES}
    return {"count": len(values), **found, "max": round(values[-1], 3)}


@dataclass(frozen=True)
class Setting:
    """What a load was run on and with, for the report.

    Attributes:
        where: in words.
        at: when it began, as an ISO text.
        versions: of the Connectors, by their names.
        workload: what determines it: seed, mix, how many, how fast.
    """

    where: str
    at: str
    versions: Mapping[str, str]
    workload: Mapping[str, Any]


def report_of(setting: Setting, warm_up: Sequence[Trip], load: Load) -> Json:
    """Return all that is known of a load, as `load.json` has it; durations are in milliseconds."""
    outcomes = Counter(trip.outcome for trip in load.trips)
    errors = Counter((trip.failed_at, trip.code) for trip in load.trips if trip.code)
    steps = {step: distribution(trip.steps[step] for trip in load.trips if step in trip.steps) for step in STEPS}
    return {
        "format": FORMAT,
        "where": setting.where,
        "at": setting.at,
        "versions": dict(setting.versions),
        "workload": dict(setting.workload),
        "interrupted": load.interrupted,
        "seconds": round(load.seconds, 3),
        "sent": len(load.trips),
        **{outcome: outcomes[outcome] for outcome in ("completed", "failed", "lost", "unfinished")},
        "throughput": round(outcomes["completed"] / load.seconds, 3) if load.seconds else 0.0,
        "errors": [{"step": step, "code": code, "count": number} for (step, code), number in errors.most_common()],
        "troubles": dict(load.troubles),
        "warmUp": _round_trips(warm_up),
        "steps": {**steps, ROUND_TRIP: _round_trips(load.trips)},
        "trips": [_trip(trip) for trip in load.trips],
    }


def _round_trips(trips: Iterable[Trip]) -> Json:
    return distribution(trip.whole for trip in trips if trip.whole is not None)


def _trip(trip: Trip) -> Json:
    return {
        "number": trip.planned.number,
        "kind": trip.planned.kind,
        "decision": "accept" if trip.planned.accept else "reject",
        "due": round(1000 * trip.due, 3),
        "outcome": trip.outcome,
        "steps": {step: round(1000 * took, 3) for step, took in trip.steps.items()},
        "roundTrip": None if trip.whole is None else round(1000 * trip.whole, 3),
        **({"failedAt": trip.failed_at, "code": trip.code} if trip.code else {}),
    }


def succeeded(report: Json) -> bool:
    """Whether something was completed, and nothing failed or was lost."""
    return bool(report["completed"]) and not (report["failed"] or report["lost"])


class _TripThen(BaseModel):
    round_trip: float | None = Field(alias="roundTrip")


class _Compared(BaseModel):
    """What is used of an earlier report."""

    where: str
    versions: dict[str, str]
    workload: dict[str, Any]
    interrupted: bool
    seconds: float
    sent: int
    completed: int
    failed: int
    lost: int
    unfinished: int
    throughput: float
    steps: dict[str, dict[str, float]]
    trips: list[_TripThen]


def read(path: Path) -> Json:
    """Return the report of an earlier load.

    Raises:
        LoadError: the file cannot be read, or is no such report.
    """
    cure = "Name the load.json of an earlier load."
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise LoadError(f"{path} cannot be read: {error}", cure) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise LoadError(f"{path} is no report of a load that this version can compare.", cure)
    try:
        _Compared.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        raise LoadError(f"{path} is damaged: {'.'.join(map(str, first['loc']))}: {first['msg']}.", cure) from None
    return found


def differences(new: Json, old: Json) -> list[str]:
    """Say what of two workloads is not the same: then their figures tell less."""
    ours, theirs = new["workload"], old.get("workload", {})
    return [
        f"{name}: {theirs.get(name)} then, {value} now" for name, value in ours.items() if theirs.get(name) != value
    ]
