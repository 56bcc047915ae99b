"""A Sphinx extension: who points at a term of the glossary reads what it means."""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def meanings(glossary: addnodes.glossary) -> dict[str, str]:
    """Return what each term of a glossary means, by the id of the term."""
    found = {}
    for item in glossary.findall(nodes.definition_list_item):
        meaning = " ".join(each.astext() for each in item.findall(nodes.definition))
        found |= {name: " ".join(meaning.split()) for term in item.findall(nodes.term) for name in term["ids"]}
    return found


def explain(app: Sphinx, doctree: nodes.document, _: str) -> None:
    """Give each link to a term the term's meaning as its title."""
    known: dict[str, str] = {}
    for glossary in app.env.get_doctree("glossary").findall(addnodes.glossary):
        known |= meanings(glossary)
    for link in doctree.findall(nodes.reference):
        term = link.get("refid") or link.get("refuri", "").partition("#")[2]
        if term in known:
            link["reftitle"] = known[term]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("doctree-resolved", explain)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
