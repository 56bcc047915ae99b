"""The root of all errors that a user can cause or meet; each says what is wrong and what to do.

UserError
├── ChoiceError          there is no such plan, check or requirement           enmeshed_nb.acceptance
├── ConnectorError       what a Connector refuses, or why it cannot be asked   enmeshed_nb.connector (a tree of its own)
├── DecisionError        a decision does not fit its Request                   enmeshed_nb.guide
├── ExampleError         an example cannot be made, or a text is no Request   enmeshed_nb.guide
├── ExerciseError        there is no such exercise                            enmeshed_nb.guide
├── FolderError          no report can be written to a folder                  enmeshed_nb.acceptance
├── GroundError          Connectors cannot be used for an acceptance run       enmeshed_nb.acceptance
├── LoadError            a load of Requests cannot be made like that           enmeshed_nb.load
├── MissingExtraError    packages are needed that are not installed         enmeshed_nb.extras
├── NetworkError         the local network cannot do it                        enmeshed_nb.localnet
├── NoErrorError         what should have failed did not                       enmeshed_nb.guide
├── ParameterError       a notebook's parameter cannot be meant                enmeshed_nb.guide
├── PlanError            a run of notebooks cannot be planned like that        enmeshed_nb.runner
├── PredictionError      a prediction cannot be made, or no longer               enmeshed_nb.guide
├── PlayError            a step of the guide cannot be done now                enmeshed_nb.guide
├── RelationshipError    a Relationship cannot be used or made                 enmeshed_nb.guide
├── SettingsError        own Connectors are not named as they must be           enmeshed_nb.own_connectors
├── WaitError            what was waited for does not come                     enmeshed_nb.guide
└── WorkingCopyError     the reader's copy of the notebooks cannot be made     enmeshed_nb.working_copy
"""

import sysconfig
import traceback
from pathlib import Path
from typing import Any

from enmeshed_nb.printable import printable_lines

_NOT_OWN = (str(Path(__file__).parent), sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"))
"""Where the code lies that is not the reader's."""


class UserError(Exception):
    """Something that was asked for cannot be done; the command line shows it as one message, without a traceback.

    Its text can be printed; the attributes may hold what a peer wrote, as it is.

    Attributes:
        problem: what is wrong, in words.
        cure: what to do about it; empty if the problem says that already.
    """

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem, cure)
        self.problem = problem
        self.cure = cure

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args, self.__dict__)

    def __str__(self) -> str:
        return printable_lines(f"{self.problem}\n{self.cure}".strip())

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows of the error: problem, cure, and where in the reader's own code."""
        return [f"{type(self).__name__}: {self}", *own_lines(self)]


def _rebuild(kind: type[UserError], args: tuple[Any, ...], state: dict[str, Any]) -> UserError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


def own_lines(error: BaseException) -> list[str]:
    """Return the lines of the reader's own code that led to an error, the outermost first, each with its number."""
    frames = [
        each for each in traceback.extract_tb(error.__traceback__) if not any(map(each.filename.startswith, _NOT_OWN))
    ]
    return [f"line {each.lineno}: {each.line}" for each in frames if each.line]
