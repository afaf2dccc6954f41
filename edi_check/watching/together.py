"""Many requests under way at once on the one connection to a server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import nullcontext
from typing import TypeVar

__all__ = ["BATCH", "together"]

T = TypeVar("T")

BATCH = 64
"""Files that are brought, or sent, in one go."""
AT_ONCE = 16
"""More gains little, and each may hold a piece of a file in memory."""
SMALL, BIG_AT_ONCE = 1 << 15, 2


async def together(
    do: Callable[[T], Awaitable[object]], things: Iterable[T], size: Callable[[T], int] = lambda thing: 0
) -> None:
    """``do`` each, ``AT_ONCE`` of them at a time, begun in their order; fewer of those whose ``size`` is big, so that a
    slow line still answers each request in time. All have been tried when the first error is raised: what one of them
    achieved is not lost with the connection of another."""
    some, big = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(BIG_AT_ONCE)

    async def one(thing: T) -> None:
        async with some, big if size(thing) > SMALL else nullcontext():
            await do(thing)

    for result in await asyncio.gather(*map(one, things), return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
