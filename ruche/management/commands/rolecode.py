"""`manage.py rolecode`: say again the code that wakes somebody's city role."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.models import User
from accounts.roles import needs_role_code, role_code


class Command(BaseCommand):
    help = "Redit le code qui pose la première deuxième serrure d’un rôle de la ville."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("handle", help="nom court du compte")

    def handle(self, *args: Any, handle: str, **options: Any) -> None:
        user = User.objects.filter(handle=handle.lower()).first()
        if user is None or not needs_role_code(user):
            self.stderr.write(f"Aucun rôle ne dort sous le nom « {handle} ».")
            sys.exit(1)
        self.stdout.write(role_code(user))
