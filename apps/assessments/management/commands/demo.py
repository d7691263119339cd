"""From nothing to a working queue: the demo world through the real commands."""

import json
import os
import secrets
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from apps.access.choices import Role
from apps.access.services import create_user
from apps.assessments.management.demo_check import check
from apps.audit.services import Actor
from apps.core.commands import KycriskCommand, Unusable

SEED = 7
TRAINED_BEFORE = timedelta(days=20)


class Command(KycriskCommand):
    help = (
        "Load the demo world, train and promote models on it, assess everybody, then"
        " serve the console and the API. Running it again starts what is there.\n\n"
        "Example: manage.py demo --port 8000"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--check", action="store_true", help="ask the running service, then stop it"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        if settings.KYCRISK_ENV == "production":
            raise Unusable("The demo world never goes into production settings.")
        self.folder = settings.KYCRISK_HOME / "demo"
        self.folder.mkdir(parents=True, exist_ok=True)
        today = datetime.combine(datetime.now(UTC).date(), time(), UTC)
        end = self.once("end", today.isoformat)
        steps = self._steps(datetime.fromisoformat(end))
        for name, step in steps:
            self.once(name, step)
        people = self.once("people", self._people)
        for role, one in people.items():
            self.say(f"  {role:<12} {one['email']:<28} {one['password']}")
        if options["check"]:
            return check(people=people, say=self.say)
        sys.stdout.flush()
        words = [sys.executable, "manage.py", "up", "--port", str(options["port"])]
        return dict(os.execv(sys.executable, words))  # noqa: S606 - up takes over

    def _steps(self, end: datetime) -> list[tuple[str, Callable[[], Any]]]:
        world = self.folder / "world"
        bundle = str(world / "bundle")
        to, past = end.isoformat(), (end - TRAINED_BEFORE).isoformat()
        simulate = ("simulate", str(world), "--tier", "nano", "--seed", str(SEED))
        return [
            ("simulate", lambda: self.call(*simulate, "--end", to)),
            (
                "reference",
                lambda: self.call("refresh_reference", "--from", f"{bundle}/reference"),
            ),
            ("import", lambda: self.call("import_bundle", bundle)),
            ("train", lambda: self._train(past)),
            ("assess", lambda: self.call("assess", "--as-of", to, "--all")),
        ]

    def _train(self, as_of: str) -> None:
        made = self.call("train", "--as-of", as_of, "--kind", "all")
        for model in made["models"]:
            self.call("promote", model["id"], "--no-approval")

    def _people(self) -> dict[str, dict[str, str]]:
        """Create one person for each role; the passwords are for this demo alone."""
        at = datetime.now(UTC)
        people = {}
        for role in Role.values:
            one = {
                "email": f"{role.replace('_', '-')}@demo.example",
                "password": secrets.token_urlsafe(18),
            }
            create_user(**one, role=role, at=at, actor=Actor("system", "demo"))
            people[role] = one
        return people

    def call(self, *words: str) -> Any:
        """Run another command in this process; return its result."""
        out = StringIO()
        call_command(*words, "--json", stdout=out)
        return json.loads(out.getvalue().strip().splitlines()[-1])

    def once(self, name: str, step: Callable[[], Any]) -> Any:
        """Do a step that was not done before, and remember what it gave."""
        path = Path(self.folder) / f"{name}.json"
        if not path.exists():
            if name not in {"end", "people"}:
                self.say(f"{name} …")
            result = step()
            draft = path.with_suffix(".part")
            draft.touch(mode=0o600)
            draft.write_text(json.dumps(result, default=str))
            draft.rename(path)
        return json.loads(path.read_text())
