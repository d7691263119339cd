import os
import shutil
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from typing import Any

from django.conf import settings
from django.core.management import call_command

from apps.core.commands import KycriskCommand, Unusable
from apps.core.supervisor import ChildDiedError, Supervisor

_PORTS_TRIED = 50
_READY_SECONDS = 300.0


class Command(KycriskCommand):
    help = (
        "Serve the console and the API with a worker and the schedule, all in the"
        " foreground. Ctrl-C stops everything."
    )
    example = "--port 8000"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=8000, help="the next free one if taken; 0: any"
        )
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (this machine)"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        host, port = options["host"], free_port(options["host"], options["port"])
        if settings.KYCRISK_ENV == "production":
            call_command("collectstatic", interactive=False, verbosity=0)
        supervisor = Supervisor(
            folder=settings.BASE_DIR, environment=_environment(), say=self._warn
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, supervisor.ask_to_stop)
        try:
            supervisor.start("web", _web(host, port))
            if supervisor.watch(until=_ready(host, port)):
                # Only now: a start is costly, and somebody waits for the pages.
                for name, command in _workers().items():
                    supervisor.start(name, command)
                self._announce(port)
                supervisor.watch()
        except ChildDiedError as error:
            raise Unusable(str(error)) from error
        finally:
            supervisor.stop()
        return {"port": port}

    def _announce(self, port: int) -> None:
        self.stdout.write(f"KYCRisk is ready at http://localhost:{port}")
        self.stdout.flush()

    def _warn(self, text: str) -> None:
        self.stderr.write(text, style_func=str)


def free_port(host: str, wanted: int) -> int:
    """Return the first port from `wanted` on that nobody listens on."""
    for port in range(wanted, wanted + _PORTS_TRIED) if wanted else [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unusable(f"No free port from {wanted} on; name another with --port.")


def _environment() -> dict[str, str]:
    """Return the children's environment; their metrics meet in one fresh folder."""
    metrics = settings.KYCRISK_HOME / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    return {
        "PYTHONWARNINGS": "ignore",
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(metrics),
    }


def _web(host: str, port: int) -> list[str]:
    granian = [sys.executable, "-m", "granian", "kycrisk.wsgi:application"]
    address = ["--interface=wsgi", f"--host={host}", f"--port={port}"]
    # Four threads may hold batches (signals.services.gate); two are left for the rest.
    size = ["--workers=2", "--blocking-threads=6", "--http=1", "--no-ws"]
    life = ["--respawn-failed-workers", "--log-level=warning"]
    return [*granian, *address, *size, *life]


def _workers() -> dict[str, list[str]]:
    celery = [sys.executable, "-m", "celery", "-q", "-A", "kycrisk.celery"]
    worker = [*celery, "worker", "--loglevel=WARNING", "--without-gossip"]
    # A pass over everybody must not take the processor from a waiting customer.
    patient = ["nice", "-n", "10", *worker]
    alone = ["--without-mingle", "--without-heartbeat"]
    return {
        "worker": [*patient, *alone, "--queues=kycrisk", "--concurrency=2"],
        "quick worker": [*worker, *alone, "--queues=quick", "--pool=solo"],
        # In memory: jobs know their slots, so nothing needs to be remembered.
        "beat": [*celery, "beat", "--loglevel=WARNING", "-S", "celery.beat:Scheduler"],
    }


def _ready(host: str, port: int) -> Callable[[], bool]:
    asked = "127.0.0.1" if host in {"", "0.0.0.0"} else host  # noqa: S104 - a comparison
    end = time.monotonic() + _READY_SECONDS

    def answers() -> bool:
        if time.monotonic() > end:
            raise ChildDiedError("The web server did not get ready.")
        connection = HTTPConnection(asked, port, timeout=2)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return connection.getresponse().status == 200  # noqa: PLR2004 - OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    return answers
