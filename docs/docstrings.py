"""A Sphinx extension: code in docstrings, which is indented there as in Markdown, is code on the site, too."""

from typing import Any

from sphinx.application import Sphinx


def mark_code(_: Sphinx, __: str, ___: str, ____: object, _____: object, lines: list[str]) -> None:
    """Put `::` before each indented block that follows a paragraph."""
    marked: list[str] = []
    last = ""
    for line in lines:
        if line.startswith("    ") and marked and not marked[-1] and last and not last.startswith(" "):
            marked += ["::", ""]
        marked.append(line)
        last = line or last
    lines[:] = marked


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension, before Napoleon."""
    app.connect("autodoc-process-docstring", mark_code, priority=400)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
