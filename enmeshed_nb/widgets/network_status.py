"""What runs where, and what to do if it does not."""

import htpy
from htpy import Node

from enmeshed_nb.health import NetworkReport, Part
from enmeshed_nb.network import Network
from enmeshed_nb.widgets.view import View, mark, rows, side, state, text


class NetworkStatus(View):
    """The state of the network at this moment.

    Args:
        network: the Sender and the Recipient, and what they run on.

    Attributes:
        report: what was found.
    """

    def __init__(self, network: Network) -> None:
        self.report: NetworkReport = network.report()

    def __str__(self) -> str:
        return str(self.report)

    def html(self) -> Node:
        """Return a row for each part, and the cure of what is down."""
        report = self.report
        own = mark("warn", "⚠ Your own Connectors: what you do here is real.")
        return htpy.div(".enb-card")[
            htpy.p[htpy.small(".enb-muted")[f"Local network in {report.data_dir}"] if report.data_dir else own],
            rows(
                ("who", "state", "address", "version", "where"),
                [
                    (
                        side(part.name),
                        state(part.state),
                        htpy.span(".enb-mono")[part.address or "-"],
                        part.version or "-",
                        htpy.span(".enb-mono")[part.url],
                    )
                    for part in report.parts
                ],
            ),
            [_problem(part) for part in report.parts if part.problem],
            [_waiting(part) for part in report.parts if part.waiting],
            [htpy.p[htpy.b["Note: "], note] for note in report.notes],
        ]


def _problem(part: Part) -> Node:
    return htpy.div[
        htpy.p[htpy.b[f"{text(part.name.capitalize())}: "], text(part.problem)],
        part.last_lines and htpy.pre["\n".join(text(line) for line in part.last_lines)],
        htpy.p[htpy.b["What to do: "], text(part.cure)],
    ]


def _waiting(part: Part) -> Node:
    return htpy.div[
        htpy.p[htpy.b[f"{text(part.name.capitalize())}, still to be done: "]],
        htpy.ul[(htpy.li[text(line)] for line in part.waiting)],
    ]
