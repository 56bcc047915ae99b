"""A summary in Markdown, as GitHub shows it beside a workflow's run."""

import re

from enmeshed_nb.acceptance.outcomes import Status
from enmeshed_nb.acceptance.report import ICONS, ROLES, Report, Result
from enmeshed_nb.printable import printable


def summary(report: Report) -> str:
    """Return the headline, a table of the plans, and what does not hold."""
    mark = "✘" if report.bad else "✔" if report.complete else "▲"
    heads = [status for status in Status if report.counts.get(status)]
    lines = [
        f"## {mark} {report.headline}",
        "",
        " · ".join(f"{_safe(each.name)} {_safe(each.version)} ({_safe(each.url)})" for each in report.facts.connectors),
        "",
        f"| plan | {' | '.join(f'{ICONS[status]} {status}' for status in heads)} |",
        f"|---|{'---:|' * len(heads)}",
    ]
    for plan, results in report.plans.items():
        numbers = [sum(each.status == status for each in results) for status in heads]
        lines.append(f"| {plan} | {' | '.join(str(number or '') for number in numbers)} |")
    for result in report.bad:
        lines += ["", *_failure(result)]
    lines += ["", f"{_safe(report.facts.name)}, {report.facts.began:%Y-%m-%d %H:%M} UTC, {_safe(report.facts.by)}."]
    return "\n".join(lines) + "\n"


def _failure(result: Result) -> list[str]:
    expected = result.expected or Status.PASSED
    bad = [each for each in result.outcomes if each.status not in (Status.PASSED, expected)] or result.outcomes
    where = " and ".join(dict.fromkeys(ROLES[each.swapped] for each in bad))
    return [
        f"### ✘ {result.id}: {_safe(result.text)}",
        "",
        f"Found ({where}): {_safe(bad[0].said or bad[0].status)}",
        "",
        f"Likely cause: {_safe(result.cause)} **What to do:** {_safe(result.cure)} [Source]({result.source})",
    ]


def _safe(text: str) -> str:
    """Return a text on one line that Markdown and HTML take as it is; a Connector may have written it."""
    line = printable(" ".join(text.split()))
    return re.sub(r"([\\`*_\[\]|<>#!~@])", r"\\\1", line).replace("\\<", "&lt;").replace("\\>", "&gt;")
