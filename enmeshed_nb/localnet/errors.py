"""The one error of the local network."""

from enmeshed_nb.errors import UserError


class NetworkError(UserError):
    """Something kept the local network from working.

    Attributes:
        problem: what went wrong, in words.
        cure: what to do about it.
    """

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem, cure)
        self.problem = problem
        self.cure = cure

    def __str__(self) -> str:
        return f"{self.problem}\n{self.cure}".strip()
