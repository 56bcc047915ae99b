"""What is used in a `with` or an `async with` and closed at its end."""

from typing import Self


class Closing:
    """Something to be closed after use: by `close()`, or by the end of the `with` in which it stands."""

    def close(self) -> None:
        """Give back what is held; closing twice does nothing more."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClosing:
    """Something to be closed after use: by `await close()`, or by the end of the `async with` in which it stands."""

    async def close(self) -> None:
        """Give back what is held; closing twice does nothing more."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
