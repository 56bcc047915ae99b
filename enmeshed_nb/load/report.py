"""A load's report: as text, as `load.json` for programs, as `load.html` with two plots in one file."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import htpy
from htpy import Node
from markupsafe import Markup

from enmeshed_nb.guide.text import table
from enmeshed_nb.load.errors import LoadError
from enmeshed_nb.load.figures import PERCENTILES, ROUND_TRIP, Json, differences
from enmeshed_nb.load.plots import over_time, percentiles
from enmeshed_nb.printable import printable

Rows = list[tuple[str, ...]]
_COLUMNS = (*(f"p{percent}" for percent in PERCENTILES), "max")
_NONE = "–"  # noqa: RUF001 - a dash
_COMPARED = ("p50", "p95", "p99")
_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")


def text(report: Json, old: Json | None = None) -> str:
    """Return the report for a terminal.

    Args:
        report: of the load.
        old: of an earlier one, to compare with.
    """
    parts = [headline(report), *_remarks(report), table(_steps(report))]
    if report["errors"]:
        parts.append(table(_errors(report)))
    if old:
        parts += ["\n".join(["Compared with then:", *_skew(report, old)]), table(_comparison(report, old))]
    return "\n\n".join(map(str.rstrip, parts))


def check_writable(folder: Path) -> None:
    """See to it that a report can be written into a folder, before anything is sent.

    Raises:
        LoadError: it cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _not_written(error) from error


def _not_written(error: OSError) -> LoadError:
    return LoadError(f"The report cannot be written: {error}", "Name another folder: --out DIR.")


def write(report: Json, folder: Path, old: Json | None = None) -> tuple[Path, Path]:
    """Write `load.json` and `load.html` into a folder, in place of those that are there.

    Raises:
        LoadError: it cannot be written.
    """
    files = folder / "load.json", folder / "load.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files[0].write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        files[1].write_text(page(report, old), encoding="utf-8")
    except OSError as error:
        raise _not_written(error) from error
    return files


def page(report: Json, old: Json | None = None) -> str:
    """Return the report as one HTML file that needs no other."""
    return str(
        htpy.html(lang="en")[
            htpy.head[
                htpy.meta(charset="utf-8"),
                htpy.meta(name="viewport", content="width=device-width, initial-scale=1"),
                htpy.title["Load"],
                htpy.style[Markup(_STYLE)],  # noqa: S704 - our own
            ],
            htpy.body[
                htpy.h1["Load"],
                htpy.p(".lead")[headline(report)],
                (htpy.p[each] for each in _remarks(report)),
                htpy.p(".soft")[", ".join(f"{name} {value}" for name, value in report["workload"].items())],
                htpy.h2["Each step, in milliseconds"],
                _table(_steps(report)),
                htpy.h2["Round trips, by when they were due"],
                over_time(report),
                htpy.h2["How many took how long"],
                percentiles(report, old),
                [htpy.h2["What failed"], _table(_errors(report))] if report["errors"] else None,
                _compared(report, old) if old else None,
            ],
        ]
    )


def headline(report: Json) -> str:
    """Say in a sentence what the load came to."""
    ends = [f"{report[name]} {name}" for name in ("completed", "failed", "lost", "unfinished")]
    named = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    ended = "broken off after" if report["interrupted"] else "in"
    return (
        f"{report['sent']} Requests on {report['where']} ({named}), {ended} {report['seconds']:.1f} s: "
        f"{', '.join(ends)}; {report['throughput']:.2f} completed per second."
    )


def _remarks(report: Json) -> Iterator[str]:
    if report["warmUp"]["count"]:
        yield f"Warm-up, not counted: {report['warmUp']['count']} Requests, p50 {_ms(report['warmUp'], 'p50')} ms."
    for code, count in report["troubles"].items():
        yield f"While somebody waited, a Connector could not be synchronised or asked {count} times: {code}."


def _ms(found: Json, key: str) -> str:
    return f"{found[key]:.1f}" if key in found else _NONE


def _steps(report: Json) -> Rows:
    head = ("ms", "count", *_COLUMNS)
    return [
        head,
        *(
            (step, str(found["count"]), *(_ms(found, each) for each in _COLUMNS))
            for step, found in report["steps"].items()
        ),
    ]


def _errors(report: Json) -> Rows:
    return [
        ("failed at", "with", "count"),
        *((each["step"], printable(each["code"]), str(each["count"])) for each in report["errors"]),
    ]


def _comparison(report: Json, old: Json) -> Rows:
    head = ["ms"] + [f"{key} {what}" for key in _COMPARED for what in ("then", "now", "ratio")]
    rows = [tuple(head)]
    for step, now in report["steps"].items():
        then = old["steps"].get(step, {})
        cells = [step]
        for key in _COMPARED:
            ratio = f"{now[key] / then[key]:.2f}" if now.get(key) and then.get(key) else _NONE
            cells += [_ms(then, key), _ms(now, key), ratio]
        rows.append(tuple(cells))
    return rows


def _skew(report: Json, old: Json) -> list[str]:
    found = differences(report, old)
    return [f"The workloads differ, so compare with care: {'; '.join(found)}."] if found else []


def _compared(report: Json, old: Json) -> Node:
    return [
        htpy.h2["Compared with then"],
        htpy.p[headline(old)],
        (htpy.p[each] for each in _skew(report, old)),
        _table(_comparison(report, old)),
    ]


def _table(rows: Rows) -> Node:
    head, *rest = rows
    return htpy.div(".scroll")[
        htpy.table[
            htpy.thead[htpy.tr[(htpy.th(scope="col")[cell] for cell in head)]],
            htpy.tbody[
                (
                    htpy.tr(class_="whole" if row[0] == ROUND_TRIP else None)[
                        htpy.th(scope="row")[row[0]], (htpy.td[cell] for cell in row[1:])
                    ]
                    for row in rest
                )
            ],
        ]
    ]
