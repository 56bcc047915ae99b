# Made of enmeshed_nb/guide/_async/__init__.py by tools/synchronous.py: change that.
"""The flow of the guide: what calls Connectors and waits."""
