"""The report as one HTML file, made to be sent to a colleague: it needs nothing but a browser.

Nothing is loaded from elsewhere, which a content security policy makes sure of. What a Connector or a peer wrote is
escaped by htpy.
"""

from collections.abc import Iterator, Sequence
from importlib.resources import files

import htpy
from htpy import Node
from markupsafe import Markup

from enmeshed_nb.acceptance.outcomes import Outcome, Seen, Status
from enmeshed_nb.acceptance.report import ICONS, ROLES, WORST_FIRST, Report, Result
from enmeshed_nb.guide.text import json_text
from enmeshed_nb.widgets.view import folded, text

_KINDS = {Status.PASSED: "good", Status.WARNING: "warn", Status.FAILED: "bad"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
_SLOWEST = 8
_NOTHING = 0.0005
"""Seconds: what is shorter was no call, but a look at an answer that was there."""


def page(report: Report) -> str:
    """Return the report as HTML."""
    shown = htpy.html(lang="en")[
        htpy.head[
            htpy.meta(charset="utf-8"),
            htpy.meta(name="viewport", content="width=device-width, initial-scale=1"),
            htpy.meta(http_equiv="Content-Security-Policy", content=_POLICY),
            htpy.title[text(report.headline)],
            htpy.style[_file("page.css")],
        ],
        htpy.body[
            _head(report),
            htpy.main[
                _matrix(report),
                _filter(report),
                report.bad
                and htpy.section(data_section=True)[htpy.h2["What does not hold"], map(_failure, report.bad)],
                (_plan(plan, results) for plan, results in report.plans.items()),
                htpy.p(".nothing")["Nothing fits the filter."],
                _times(report.results),
                _made_on(report),
            ],
            htpy.script[_file("page.js")],
        ],
    ]
    return f"<!doctype html>{shown}\n"


def _file(name: str) -> Markup:
    return Markup(files(__package__).joinpath(name).read_text(encoding="utf-8"))  # noqa: S704 - our own


def _head(report: Report) -> Node:
    counts = [(status, report.counts[status]) for status in WORST_FIRST if report.counts.get(status)]
    names = ", ".join(report.chosen)
    return htpy.header[
        htpy.h1[htpy.span(class_="bad" if report.bad else "good")["✘ " if report.bad else "✔ "], text(report.headline)],
        htpy.p(".soft")[
            f"{text(report.facts.name)} · {text(names)} · {report.facts.began:%d %B %Y, %H:%M} UTC · ",
            text(report.facts.by),
        ],
        htpy.ul(".tally")[(htpy.li[str(number), " ", _state(status)] for status, number in counts)],
    ]


def _state(status: Status) -> Node:
    return htpy.span(class_=f"state {_kind(status)}")[f"{ICONS[status]} {status}"]


def _kind(status: Status) -> str:
    return _KINDS.get(status, "none")


def _matrix(report: Report) -> Node:
    """Return the picture: a cell for each requirement; its upper half is as the Connectors are named."""
    return htpy.section[
        htpy.h2["At a glance"],
        htpy.div(".matrix")[
            ([htpy.b[plan], htpy.div(".cells")[map(_cell, results)]] for plan, results in report.plans.items())
        ],
        htpy.p(".soft.small")[
            "One cell for each requirement; above: Sender and Recipient as they are named, below: in each other's part."
        ],
    ]


def _cell(result: Result) -> Node:
    halves = [status for swapped in ROLES if (status := result.in_role(swapped=swapped))]
    told = f"{result.id}: {result.text} {' / '.join(halves)}"
    return htpy.a(".cell", href=f"#{result.id}", title=told, aria_label=told)[
        (htpy.span(class_=_kind(status))[ICONS[status]] for status in halves)
    ]


def _filter(report: Report) -> Node:
    statuses = [status for status in WORST_FIRST if report.counts.get(status)]
    return htpy.form(".filter", aria_label="Filter")[
        htpy.input(type="search", name="words", placeholder="Words, ids, routes …", aria_label="Words"),
        htpy.select(name="plan", aria_label="Plan")[
            htpy.option(value="")["all plans"], (htpy.option(value=plan)[plan] for plan in report.plans)
        ],
        (
            htpy.label[htpy.input(type="checkbox", name="status", value=status), " ", _state(status)]
            for status in statuses
        ),
        htpy.button(type="reset")["All"],
    ]


def _failure(result: Result) -> Node:
    """Return one that does not hold, with all that helps."""
    return htpy.article(".failure", id=result.id, data_status=result.status, data_plan=result.plan)[
        htpy.p(".id")[f"{result.id} · plan {result.plan}"],
        htpy.h3[_words(result.text)],
        htpy.dl[
            htpy.dt["Source"],
            htpy.dd[_source(result)],
            result.expected and [htpy.dt["Expected by the plan"], htpy.dd[_state(result.expected)]],
            _found(result),
            htpy.dt["Likely cause"],
            htpy.dd[_words(result.cause)],
            htpy.dt["What to do"],
            htpy.dd(".cure")[_words(result.cure)],
        ],
        _calls(result, is_open=True),
    ]


def _source(result: Result) -> Node:
    if result.source.startswith("https://"):
        return htpy.a(href=result.source, rel="noopener noreferrer")[result.source.removeprefix("https://")]
    return htpy.code[text(result.source)]


def _found(result: Result) -> Iterator[Node]:
    """Yield what was found, once if it is the same in both parts."""
    told: dict[tuple[Status, str], list[Outcome]] = {}
    for each in sorted(result.outcomes, key=lambda each: WORST_FIRST.index(each.status)):
        told.setdefault((each.status, each.said), []).append(each)
    for (status, said), outcomes in told.items():
        where = "" if len(told) == 1 else f" ({', '.join(dict.fromkeys(ROLES[each.swapped] for each in outcomes))})"
        yield htpy.dt[f"Found{where}"]
        yield htpy.dd[_state(status), " ", text(said)]


def _calls(result: Result, *, is_open: bool) -> Node:
    with_calls = [each for each in result.outcomes if each.exchanges and each.status == result.status]
    return [
        [
            htpy.p(".small.soft")[f"The last calls of {each.check}, {ROLES[each.swapped]}:"],
            (_call(seen, is_open=is_open and seen is each.exchanges[-1]) for seen in each.exchanges),
        ]
        for each in with_calls[:1]
    ]


def _call(seen: Seen, *, is_open: bool) -> Node:
    kind = "good" if seen.status and seen.status < 400 else "bad"
    return htpy.details(".call", open=is_open)[
        htpy.summary[
            htpy.span(class_=f"state {kind}")[str(seen.status or "no answer")],
            " ",
            htpy.code[text(seen.call)],
            htpy.small(".soft")[f" {text(seen.connector)}, {_seconds(seen.seconds)}"],
        ],
        seen.error and htpy.p[text(seen.error)],
        htpy.div(".sides")[
            seen.sent is not None and htpy.div[htpy.small(".soft")["sent"], htpy.pre[text(json_text(seen.sent))]],
            seen.received is not None
            and htpy.div[htpy.small(".soft")["came back"], htpy.pre[text(json_text(seen.received))]],
        ],
        folded(htpy.small["as curl"], htpy.pre[text(seen.curl)]),
    ]


def _plan(plan: str, results: Sequence[Result]) -> Node:
    return htpy.section(data_section=True)[htpy.h2[f"Plan {plan}"], (_row(each) for each in results if not each.is_bad)]


def _row(result: Result) -> Node:
    return htpy.details(".row", id=result.id, data_status=result.status, data_plan=result.plan)[
        htpy.summary[
            htpy.span(class_=f"state {_kind(result.status)}", title=result.status)[ICONS[result.status]],
            htpy.span[_words(result.text)],
            htpy.small(".soft")[_how_long(result)],
        ],
        htpy.div[
            htpy.p[htpy.span(".id")[result.id], " · ", _source(result)],
            (
                htpy.p[_state(each.status), f" {ROLES[each.swapped]}, {each.check}: ", text(each.said)]
                for each in result.outcomes
            ),
            result.status == Status.WARNING
            and htpy.p["Likely cause: ", text(result.cause), " ", htpy.b[text(result.cure)]],
            _calls(result, is_open=False),
        ],
    ]


def _how_long(result: Result) -> str:
    return _seconds(result.seconds) if result.seconds is not None else result.status.lower()


def _times(results: Sequence[Result]) -> Node:
    """Return what took longest, beside what it takes on a local network."""
    measured = sorted((each for each in results if each.seconds), key=lambda each: -(each.seconds or 0))[:_SLOWEST]
    if not measured:
        return None
    longest = max(max(each.seconds or 0, each.reference_seconds or 0) for each in measured)

    def bar(seconds: float | None, kind: str) -> Node:
        return seconds is not None and htpy.div(class_=f"bar {kind}", style=f"width:{100 * seconds / longest:.1f}%")

    return htpy.section[
        htpy.h2["What took longest"],
        htpy.table[
            htpy.thead[
                htpy.tr[
                    htpy.th["requirement"],
                    htpy.th(".number")["here"],
                    htpy.th(".number")["local network"],
                    htpy.th(".wide"),
                ]
            ],
            htpy.tbody[
                (
                    htpy.tr[
                        htpy.td[_words(each.text)],
                        htpy.td(".number")[_seconds(each.seconds)],
                        htpy.td(".number")[_seconds(each.reference_seconds)],
                        htpy.td(".wide", style="width:22%")[
                            bar(each.seconds, ""), bar(each.reference_seconds, "there")
                        ],
                    ]
                    for each in measured
                )
            ],
        ],
    ]


def _made_on(report: Report) -> Node:
    return htpy.section[
        htpy.h2["Made on"],
        htpy.table(".stacked")[
            htpy.thead[htpy.tr[(htpy.th[name] for name in ("Connector", "version", "where", "Identity"))]],
            htpy.tbody[
                (
                    htpy.tr[
                        htpy.td[htpy.b[text(each.name)]],
                        htpy.td[text(each.version)],
                        htpy.td[text(each.url)],
                        htpy.td(".small")[text(each.address)],
                    ]
                    for each in report.facts.connectors
                )
            ],
        ],
        htpy.p(".soft.small")[
            f"Began {report.facts.began:%Y-%m-%d %H:%M:%S} UTC, ended {report.ended:%Y-%m-%d %H:%M:%S} UTC. "
            "API keys, passwords, references and long texts are left out; calls as curl take the key from $API_KEY."
        ],
    ]


def _words(told: str) -> Node:
    """Return a text of ours, in which `names` stand between backticks."""
    return [htpy.code[part] if index % 2 else text(part) for index, part in enumerate(told.split("`"))]


def _seconds(seconds: float | None) -> str:
    if seconds is None or seconds < _NOTHING:
        return ""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
