"""A Sphinx extension: who points at a term that links to the glossary reads what it means."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

GLOSSARY = "notebooks/glossary"


def meanings(glossary: nodes.document) -> dict[str, str]:
    """Return what each term of the glossary means, in its first paragraph, by the term's anchor."""
    found = {}
    for section in glossary.findall(nodes.section):
        first = next((each for each in section.children if isinstance(each, nodes.paragraph)), None)
        if first is not None:
            found |= {anchor: " ".join(first.astext().split()) for anchor in (section.get("slug"), *section["ids"])}
    return found


def explain(app: Sphinx, doctree: nodes.document, _: str) -> None:
    """Give each link to a term the term's meaning as its title."""
    known = meanings(app.env.get_doctree(GLOSSARY))
    for link in doctree.findall(nodes.reference):
        page, _, anchor = link.get("refuri", "").partition("#")
        if page.endswith("glossary.html") and anchor in known:
            link["reftitle"] = known[anchor]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("doctree-resolved", explain)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
