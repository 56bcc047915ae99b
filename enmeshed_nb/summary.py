"""How a notebook hands the summary of its Requests to who executes it: `guide` writes it, `runner` reads it."""

SUMMARY_MIME = "text/vnd.enmeshed-nb.summary"
"""The media type of an output that holds an `enmeshed_nb.guide.Summary` as JSON text."""
