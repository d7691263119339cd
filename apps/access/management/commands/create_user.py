import secrets
from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.access.choices import Role
from apps.access.services import create_user
from apps.audit.services import Actor
from apps.core.commands import KycriskCommand, Unusable


class Command(KycriskCommand):
    help = "Make a member of staff and print a password, once."
    example = "jane@example.com --role analyst"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--role", choices=Role.values, required=True)
        parser.add_argument("--name", default="", help="shown in the console")

    def run(self, **options: Any) -> dict[str, Any]:
        try:
            validate_email(options["email"])
        except ValidationError:
            raise Unusable("EMAIL is not an e-mail address.") from None
        password = secrets.token_urlsafe(18)
        user = create_user(
            email=options["email"],
            password=password,
            role=options["role"],
            name=options["name"],
            at=datetime.now(UTC),
            actor=Actor("system", "create_user"),
        )
        self.say(f"{user.email} ({user.role}) signs in with: {password}")
        return {"email": user.email, "role": user.role, "password": password}
