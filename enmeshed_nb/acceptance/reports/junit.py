"""JUnit XML: a test suite for each plan, a test case for each requirement and part."""

from xml.etree import ElementTree

from enmeshed_nb.acceptance.outcomes import Outcome, Status
from enmeshed_nb.acceptance.report import ROLES, Report, Result
from enmeshed_nb.printable import printable_lines


def junit(report: Report) -> str:
    """Return the report as GitHub, GitLab and Jenkins read it."""
    root = ElementTree.Element("testsuites", name="enmeshed-nb accept")
    for plan, results in report.plans.items():
        outcomes = [(result, outcome) for result in results for outcome in result.outcomes]
        suite = ElementTree.SubElement(
            root, "testsuite", name=plan, timestamp=f"{report.facts.began:%Y-%m-%dT%H:%M:%S}"
        )
        properties = ElementTree.SubElement(suite, "properties")
        for name, value in _properties(report).items():
            ElementTree.SubElement(properties, "property", name=name, value=_text(value))
        for result, outcome in outcomes:
            _case(suite, result, outcome)
        for element in (suite, root):
            for name, tag in (("failures", "failure"), ("skipped", "skipped")):
                element.set(name, str(len(element.findall(f".//{tag}"))))
            element.set("tests", str(len(element.findall(".//testcase"))))
            element.set("errors", "0")
        suite.set("time", f"{sum(outcome.seconds for _, outcome in outcomes):.3f}")
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _properties(report: Report) -> dict[str, str]:
    found = {"profile": report.facts.name, "by": report.facts.by, "headline": report.headline}
    for each in report.facts.connectors:
        found |= {f"{each.name}.{what}": str(getattr(each, what)) for what in ("url", "address", "version")}
    return found


def _case(suite: ElementTree.Element, result: Result, outcome: Outcome) -> None:
    case = ElementTree.SubElement(
        suite,
        "testcase",
        classname=outcome.check,
        name=f"{result.id} ({ROLES[outcome.swapped]}): {result.text}",
        time=f"{outcome.seconds:.3f}",
    )
    said = outcome.said or result.text
    is_bad = outcome.status != result.expected if result.expected else outcome.status == Status.FAILED
    if is_bad:
        failure = ElementTree.SubElement(case, "failure", type=outcome.status, message=_text(said.splitlines()[0]))
        failure.text = _text(_told(result, outcome))
    elif outcome.status in (Status.SKIPPED, Status.NOT_SUPPORTED):
        ElementTree.SubElement(case, "skipped", message=_text(f"{outcome.status}: {said}"))
    elif outcome.status != Status.PASSED:
        ElementTree.SubElement(case, "system-out").text = _text(f"{outcome.status}: {said}")


def _told(result: Result, outcome: Outcome) -> str:
    calls = [
        f"  {each.connector}: {each.call} → {each.error or each.status} ({each.seconds:.2f} s)"
        for each in outcome.exchanges
    ]
    expected = [f"Expected: {result.expected}"] if result.expected else []
    lines = [
        f"Must hold: {result.text}",
        f"Source: {result.source}",
        *expected,
        f"Found: {outcome.status}. {outcome.said}",
        f"Likely cause: {result.cause}",
        f"What to do: {result.cure}",
        *(["The last calls:"] if calls else []),
        *calls,
    ]
    return "\n".join(lines)


def _text(value: str) -> str:
    """Return a text without what XML cannot hold."""
    return printable_lines(value)
