"""After a fork the child begins anew: what its parent holds stays the parent's."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something that can begin anew in a child process."""

    def after_fork(self) -> None:
        """Forget what belongs to the parent; called in the child, before anything else runs."""
        ...


_registered: weakref.WeakSet[Forkable] = weakref.WeakSet()


def begin_anew_after_fork(item: Forkable) -> None:
    """Have ``item.after_fork`` called in each child process, as long as the item lives."""
    _registered.add(item)


def _after_fork_in_child() -> None:
    for item in list(_registered):
        item.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
