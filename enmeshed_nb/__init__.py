"""enmeshed-nb: the enmeshed guide as notebooks, and the Python toolkit behind them."""

from importlib.metadata import version

__version__ = version("enmeshed-nb")
