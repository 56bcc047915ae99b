"""Keep the README's table "what the client covers" as the code is.

python tools/readme.py           write the table anew
python tools/readme.py --check   say whether it is up to date
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from enmeshed_nb.connector import ENDPOINTS, Connector
from enmeshed_nb.connector._sync.resource import Resource
from enmeshed_nb.connector.http import Route
from enmeshed_nb.content.since import FIRST

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- tools/readme.py: begin -->\n", "<!-- tools/readme.py: end -->\n"


def namespaces(holder: object, prefix: str = "") -> Iterator[tuple[type[Resource], str]]:
    """Yield the class and the place (`requests.outgoing`) of each namespace of a Connector."""
    for name, value in vars(holder).items():
        if isinstance(value, Resource):
            yield type(value), prefix + name
        elif not name.startswith("_") and type(value).__module__.startswith("enmeshed_nb."):
            yield from namespaces(value, f"{prefix}{name}.")


def table() -> str:
    """Return the table: a row for each namespace with its routes and methods."""
    with Connector("http://localhost", "any") as connector:
        places = dict(namespaces(connector))
    rows = []
    routes = 0
    for kind, place in sorted(places.items(), key=lambda each: each[1]):
        own = {name.split(".")[1]: route for name, route in ENDPOINTS.items() if name.split(".")[0] == kind.__name__}
        count = len({(route.method, route.path) for route in own.values()})
        routes += count
        methods = ", ".join(f"`{name}`{_since(route)}" for name, route in own.items())
        segments = {"/" + "/".join(route.path.split("/")[1 : place.count(".") + 2]) for route in own.values()}
        groups = ", ".join(f"`{path}`" for path in sorted(segments))
        rows.append(f"| {groups} | `{place}` | {count} | {methods} |")
    lines = [
        "| API | `connector.…` | routes | methods |",
        "|---|---|---|---|",
        *rows,
        f"| **all** | | **{routes}** | |",
    ]
    return "\n".join(lines) + "\n"


def _since(route: Route) -> str:
    return "" if route.since == FIRST else f" (since {route.since.version})"


def main() -> int:
    """Write or check the table; the exit code is 1 if it is not up to date."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    new = f"{before}{BEGIN}\n{table()}\n{END}{after}"
    if "--check" not in sys.argv:
        README.write_text(new, encoding="utf-8")
        return 0
    if new != text:
        print("README.md: the table of what the client covers is out of date. Run: python tools/readme.py")
    return int(new != text)


if __name__ == "__main__":
    sys.exit(main())
