"""A home for every test process, made before anybody reads the settings.

A plugin that pytest loads first (`-p tests.home`): in a conftest it would come too
late for a worker, whose inherited environment lets pytest-django read them at once.
"""

import os
import shutil
import tempfile

from hypothesis import settings

# How long an example takes is the machine's affair, and no test is a timed one.
settings.register_profile("kycrisk", deadline=None)
settings.load_profile("kycrisk")

# Each worker of one run has a home of its own. It inherits that of the process which
# distributes the tests, and hands its own to the processes that its tests start.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
_INVENTED = (
    "KYCRISK_HOME" not in os.environ
    or os.environ.get("KYCRISK_TEST_WORKER", "") != _WORKER
)
if _INVENTED:
    os.environ["KYCRISK_HOME"] = tempfile.mkdtemp(prefix="kycrisk-test-")
    os.environ["KYCRISK_TEST_WORKER"] = _WORKER
os.environ["KYCRISK_ENV"] = "test"
os.environ["DJANGO_SETTINGS_MODULE"] = "kycrisk.settings"
for name in ("DATABASE_URL", "KYCRISK_OWNER_DATABASE_URL", "KYCRISK_BROKER_URL"):
    os.environ.pop(name, None)


def pytest_unconfigure() -> None:
    """Remove what a session with an invented home has left."""
    if not _INVENTED:
        return
    from apps.core import embedded

    layout = embedded.Layout.of_settings()
    embedded.leave(layout)
    embedded.remove(layout)
    shutil.rmtree(layout.root, ignore_errors=True)
    shutil.rmtree(layout.home, ignore_errors=True)
