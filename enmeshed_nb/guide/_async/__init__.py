"""The flow for asyncio. `_sync` is made of it: `python tools/synchronous.py`."""
