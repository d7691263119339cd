"""Work that ends in the middle, as at Ctrl-C or when a worker is told to stop."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest


@contextmanager
def interrupted_after(owner: ModuleType, step: str) -> Iterator[None]:
    """Let a function of a module be done, and end the work right behind it."""
    real = getattr(owner, step)

    def dies(*args, **kwargs):
        real(*args, **kwargs)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, step, dies)
        with pytest.raises(KeyboardInterrupt):
            yield
