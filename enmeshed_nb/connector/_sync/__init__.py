# Made of enmeshed_nb/connector/_async/__init__.py by tools/synchronous.py: change that.
"""The client for asyncio. `_sync` is made of it: `python tools/synchronous.py`."""
