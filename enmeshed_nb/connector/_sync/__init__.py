# Made of enmeshed_nb/connector/_async/__init__.py by tools/synchronous.py: change that.
"""The client, a module for each namespace: what calls the API and waits for its answers."""
