"""The stage: Sender, Backbone and Recipient beside the notebook, live."""

from enmeshed_nb.widgets.stage.stage import Stage

__all__ = ["Stage"]
