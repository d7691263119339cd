#!/usr/bin/env python
"""Run a command of KYCRisk; the database starts and migrates by itself."""

import os
import sys

_WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "doctor",
    "help",
    "makemigrations",
    "reset",
    "spectacular",
}
_AS_OWNER = {"dbshell", "migrate", "sqlmigrate"}


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kycrisk.settings")
    if command in _AS_OWNER:
        os.environ["KYCRISK_DATABASE_ROLE"] = "owner"
    # Django's help texts and version need no database either.
    bare = command in _WITHOUT_DATABASE or {"-h", "--help", "--version"} & {*sys.argv}
    if not bare:
        from apps.core import startup

        startup.prepare(command)
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
