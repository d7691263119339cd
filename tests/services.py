"""The whole service as a process of its own: web server, workers, schedule."""

import re
import subprocess
import sys
from collections.abc import Mapping

from django.conf import settings

Service = subprocess.Popen[str]


def start(environment: Mapping[str, str]) -> Service:
    """Start `up` on a free port; it is not ready before `address_of` returns."""
    return subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", "0"],
        cwd=settings.BASE_DIR,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )


def address_of(service: Service) -> str:
    """Wait for the line that says the service is ready; return the address in it."""
    assert service.stdout is not None
    line = service.stdout.readline()
    found = re.fullmatch(r"KYCRisk is ready at (http://localhost:\d+)\n", line)
    assert found, f"The service is not ready; it said {line!r}."
    return found[1]
