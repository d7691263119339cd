from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from apps.access.choices import Scope
from apps.access.services import create_service_key
from apps.audit.services import Actor
from apps.core.commands import KycriskCommand, Unusable


class Command(KycriskCommand):
    help = "Make a key for a service that calls the API, and print it, once."
    example = "--name signup --scopes assess,events"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--scopes", required=True, help=",".join(Scope.values))
        parser.add_argument(
            "--test", action="store_true", help="demo and test settings"
        )

    def run(self, **options: Any) -> dict[str, Any]:
        scopes = [word.strip() for word in options["scopes"].split(",") if word.strip()]
        if not scopes or set(scopes) - {*Scope.values}:
            raise Unusable(f"--scopes takes words out of {', '.join(Scope.values)}.")
        key, secret = create_service_key(
            name=options["name"],
            scopes=scopes,
            test=options["test"],
            at=datetime.now(UTC),
            actor=Actor("system", "create_api_key"),
        )
        self.say(f"{key.name} ({', '.join(key.scopes)}): {secret}")
        return {"id": key.id, "key": secret, "scopes": key.scopes}
