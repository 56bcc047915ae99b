"""What is said about the runs: on the terminal, and as JUnit XML for a CI."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from enmeshed_nb.printable import printable
from enmeshed_nb.runner.execution import NotebookRun
from enmeshed_nb.runner.plan import Parameter


def print_report(runs: Iterable[NotebookRun], console: Console) -> None:
    """Print for every run its Requests with both status histories and Responses, its steps' times, or its error."""
    for run in runs:
        name = escape(run.planned.output.stem)
        values = ", ".join(f"{name}={value!r}" for name, value in run.planned.parameters.items())
        console.print()
        mark = "[green]✔ succeeded[/]" if run.succeeded else "[red]✘ failed[/]"
        console.print(f"{mark}  [bold]{name}[/]  {run.seconds:.1f} s  {escape(values)}", highlight=False)
        for number, request in enumerate(run.requests, 1):
            place = f" {number} of {len(run.requests)}" if len(run.requests) > 1 else ""
            console.print(_request_view(place, request))
        if run.steps:
            console.print(_steps_table(run.steps))
        if run.error:
            console.print(Text(run.error, style="red"))
        console.print(f"  executed copy: {escape(str(run.planned.output))}", highlight=False, soft_wrap=True)


def print_parameters(notebooks: Mapping[Path, Mapping[str, Parameter]], console: Console) -> None:
    """Print each notebook's parameters: name, type, default, meaning."""
    for notebook, parameters in notebooks.items():
        console.print(f"[bold]{escape(str(notebook))}[/]", highlight=False, soft_wrap=True)
        table = Table.grid(padding=(0, 2))
        for name, parameter in parameters.items():
            table.add_row(
                f"  {escape(name)}", parameter.type_name, Text(repr(parameter.default)), Text(parameter.meaning)
            )
        console.print(table if parameters else "  It has none.")
    console.print("\nSet them: -p NAME VALUE, or --matrix FILE.", highlight=False)


def _request_view(place: str, request: dict[str, Any]) -> Group:
    outcome = f" was {request['response'][0].lower()}" if request["response"] else ": no Response yet"
    title = f" ({request['title']})" if request["title"] else ""
    headline = Text(printable(f"  Request{place}{title}{outcome}"), style="bold")
    facts = Table.grid(padding=(0, 2))
    facts.add_row("    id", Text(request["id"]))
    for side in request["sides"]:
        steps = " → ".join(f"{step['status']} {step['at'][11:23]}" for step in side["statuses"])
        facts.add_row(f"    at the {side['connector']}", Text(steps))
    for index, line in enumerate(request["response"]):
        facts.add_row("" if index else "    Response", Text(printable(line), style="" if index else "bold"))
    return Group(headline, facts)


def _steps_table(steps: dict[str, float]) -> Table:
    table = Table.grid(padding=(0, 2))
    for heading, seconds in steps.items():
        table.add_row("  step", Text(heading), f"{seconds:6.2f} s")
    return table


def write_junit(runs: Iterable[NotebookRun], path: Path) -> None:
    """Write the runs as JUnit XML: one test case each."""
    runs = list(runs)
    suite = ElementTree.Element(
        "testsuite",
        name="enmeshed-nb",
        tests=str(len(runs)),
        failures=str(sum(not run.succeeded for run in runs)),
        time=f"{sum(run.seconds for run in runs):.3f}",
    )
    for run in runs:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=run.planned.notebook.stem,
            name=run.planned.output.stem,
            time=f"{run.seconds:.3f}",
        )
        if run.error:
            ElementTree.SubElement(case, "failure", message=run.error.splitlines()[0]).text = run.error
    path.parent.mkdir(parents=True, exist_ok=True)
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)
