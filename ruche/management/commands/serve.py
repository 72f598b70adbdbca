"""`manage.py serve`: the city, from an empty folder to an open door."""

import fcntl
import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.management.commands.collectstatic import Command as CollectStatic
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from whitenoise.storage import CompressedManifestStaticFilesStorage

from accounts.models import User
from ruche import start
from ruche.management.demo import brest

# Django's tables are read here without a script.
NOT_SERVED = ["admin/js/*", "js"]
FINGERPRINT = "sources.sha256"
DEMO_BUILT = "demo-built"
WAITING_CONNECTIONS = 1024


class Command(BaseCommand):
    help = "Ouvre la ville : pages, direct et tâches de fond, dans un seul terminal."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1", help="adresse d’écoute")
        parser.add_argument("--port", type=int, default=settings.PORT, help="port d’écoute")
        parser.add_argument(
            "--no-worker", action="store_true", help="sans les tâches de fond (voir « work »)"
        )
        parser.add_argument(
            "--empty", action="store_true", help="sans construire la ville de démonstration"
        )
        parser.add_argument(
            "--move-to", default="", help="nouveau nom de domaine, l’ancien redirigeant vers lui"
        )

    def handle(self, *args: Any, bind: str, port: int, **options: Any) -> None:
        try:
            start.check_data_folder()
            start.check_settings(bind)
            if not settings.RUCHE_DATABASE_OWNER:
                start.check_database()
            door = start.bound_socket(bind, port)
            with one_at_a_time():
                prepare_database(options["move_to"])
                collected = collect_static()
                if settings.RUCHE_DEMO and not options["empty"]:
                    self._build_demonstration()
        except start.CannotStart as refusal:
            self.stderr.write(str(refusal))
            sys.exit(1)
        welcome = words_of_welcome(bind, port)
        connection.close()
        if collected or settings.RUCHE_DATABASE_OWNER:
            # The settings were read before the files were there: begin again with them. And
            # whoever takes a process over finds no trace of the owner in it.
            door.close()
            os.environ.pop("RUCHE_DATABASE_OWNER_URL", None)
            os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606
        door.listen(WAITING_CONNECTIONS)
        # Loads the pages: only once everything they need is there.
        from ruche.server import CityServer, WorkerChild

        worker = None if options["no_worker"] else WorkerChild()
        CityServer(door.detach(), worker, on_open=lambda: self._say_open(welcome)).run()

    def _build_demonstration(self) -> None:
        """At the first start; again where it was interrupted (what is there is not doubled)."""
        built = settings.RUCHE_DATA / DEMO_BUILT
        # Another password than last time is given to the accounts that stand.
        password = hashlib.sha256(settings.RUCHE_DEMO_PASSWORD.encode()).hexdigest()
        known = built.exists() and built.read_text() == password
        if known and User.objects.filter(is_demo=True).exists():
            return
        if "demo" not in get_commands():
            return
        self.stdout.write("La ville de démonstration se construit…")
        self.stdout.flush()
        call_command("demo")
        built.write_text(password)

    def _say_open(self, words: str) -> None:
        self.stdout.write(words)
        self.stdout.flush()


def words_of_welcome(bind: str, port: int) -> str:
    opened = f"La Ruche de {settings.RUCHE_CITY} est ouverte"
    if not settings.RUCHE_DEMO:
        return f"{opened} : {settings.PUBLIC_URL} (écoute sur {bind}:{port})"
    here = f"http://localhost:{port}"
    doors = [*brest.ACCOUNTS, brest.OUTSIDER]
    known = set(User.objects.filter(handle__in=doors).values_list("handle", flat=True))
    lines = [
        f"{opened} : {here}",
        f"Comptes de démonstration : {', '.join(door for door in doors if door in known)}",
        f"Leur mot de passe : {settings.RUCHE_DEMO_PASSWORD}",
        f"Mails et SMS arrivent sur {here}/courrier",
        f"Les données sont dans {settings.RUCHE_DATA}. Ctrl-C pour arrêter.",
    ]
    return "\n".join(lines)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two starts at once on one folder: the second waits for the first to be ready."""
    with (settings.RUCHE_DATA / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def prepare_database(move_to: str) -> None:
    start.migrate()
    start.check_role()
    if not settings.RUCHE_DEMO:
        start.lock_domain(move_to)


def collect_static() -> bool:
    """
    Put hashed and compressed files into STATIC_ROOT if a source changed.

    Return whether the settings, read before, missed files that are now there.
    """
    kept = settings.STATIC_ROOT / FINGERPRINT
    fingerprint = static_fingerprint()
    if kept.exists() and kept.read_text() == fingerprint:
        return False
    was_there = (settings.STATIC_ROOT / "staticfiles.json").exists()
    command = CollectStatic()
    command.storage = CompressedManifestStaticFilesStorage()
    call_command(command, interactive=False, verbosity=0, ignore_patterns=NOT_SERVED)
    kept.write_text(fingerprint)
    return not was_there


def static_fingerprint() -> str:
    seen = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = os.stat(storage.path(path))
            seen.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return seen.hexdigest()
