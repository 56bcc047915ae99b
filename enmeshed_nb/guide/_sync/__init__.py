# Made of enmeshed_nb/guide/_async/__init__.py by tools/synchronous.py: change that.
"""The flow for asyncio. `_sync` is made of it: `python tools/synchronous.py`."""
