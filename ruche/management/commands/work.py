"""`manage.py work`: the worker alone, beside web processes that run `serve --no-worker`."""

import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from ruche.start import CannotStart, check_database
from ruche.worker import Worker


class Command(BaseCommand):
    help = "Exécute les tâches de fond (mails, SMS, ménage). « serve » le lance lui-même."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        # For `serve` alone: the reading end of the pipe that wakes this worker.
        parser.add_argument("--pipe", type=int, default=None, help="réservé à « serve »")

    def handle(self, *args: Any, pipe: int | None, **options: Any) -> None:
        worker = Worker(pipe)
        signal.signal(signal.SIGTERM, lambda *_: worker.stop())
        # Ctrl-C reaches the whole group: a child of `serve` waits for its parent to say so.
        signal.signal(signal.SIGINT, signal.SIG_IGN if pipe else lambda *_: worker.stop())
        try:
            check_database()
        except CannotStart as refusal:
            self.stderr.write(str(refusal))
            sys.exit(1)
        worker.run()
