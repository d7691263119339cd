"""PostgreSQL from a wheel, shared by every process of one KYCRISK_HOME.

`ensure()` joins (and starts when needed) the server of the settings. The server
stops when the last process that called `ensure()` has gone, however it went.
"""

from apps.core.embedded.layout import Layout, UnusableError
from apps.core.embedded.server import ensure, ensure_layout, is_running, leave, remove

__all__ = [
    "Layout",
    "UnusableError",
    "ensure",
    "ensure_layout",
    "is_running",
    "leave",
    "remove",
]
