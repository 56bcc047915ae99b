"""The files that are made of a report."""

from pathlib import Path

from enmeshed_nb.acceptance.record import write
from enmeshed_nb.acceptance.report import Report
from enmeshed_nb.acceptance.reports.badge import badge
from enmeshed_nb.acceptance.reports.junit import junit
from enmeshed_nb.acceptance.reports.markdown import summary
from enmeshed_nb.acceptance.reports.page import page

__all__ = ["FILES", "badge", "junit", "page", "summary", "write_reports"]

FILES = {
    "report.html": page,
    "report.json": lambda report: report.model_dump_json(indent=2) + "\n",
    "junit.xml": junit,
    "summary.md": summary,
    "badge.svg": badge,
}
"""What makes the content of each file."""


def write_reports(report: Report, folder: Path) -> None:
    """Write all files of a report, each of them whole.

    Raises:
        FolderError: one cannot be written.
    """
    for name, make in FILES.items():
        write(folder / name, make(report))
