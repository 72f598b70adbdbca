"""`manage.py migrate`: Django's, under the owner of the tables; then the processes' rights."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as Migrate
from django.db import DEFAULT_DB_ALIAS

from ruche.core.owner import NoRole, as_owner, restrict
from ruche.journal.triggers import APPEND_ONLY


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] != DEFAULT_DB_ALIAS:
            super().handle(*args, **options)
            return
        try:
            with as_owner() as role:
                super().handle(*args, **options)
                if settings.RUCHE_DATABASE_OWNER and not options["plan"]:
                    restrict(role, APPEND_ONLY)
        except NoRole as refusal:
            raise CommandError(str(refusal)) from refusal
