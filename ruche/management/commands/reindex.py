"""`manage.py reindex`: what search finds, made anew from the rows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from groups.actions.indexing import SOURCES
from ruche.core.db import atomic
from ruche.index.writing import Source, drop_next, keep_next, missing, outdate

WIDTH = 30


class Command(BaseCommand):
    help = (
        "Indexe ce que la recherche doit trouver et ne trouve pas encore. Interrompue, la commande"
        " reprend où elle en était."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all",
            action="store_true",
            help="tout refaire ; pour reprendre après une interruption, relancer sans --all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"]:
            outdate()
        for source in SOURCES:
            self._index(source)

    def _index(self, source: Source) -> None:
        total, done, after = missing(source), 0, None
        while True:
            # Each batch is kept, whatever happens to the next one.
            with atomic():
                made, after = keep_next(source, after)
            if not made:
                break
            done += made
            self._say(source, done, max(total, done))
        dropped = 0
        while number := drop_next(source):
            dropped += number
        end = "\n" if done and self._is_screen else ""
        self.stdout.write(f"{end}{source.kind} : {done} indexés, {dropped} retirés")

    def _say(self, source: Source, done: int, total: int) -> None:
        if self._is_screen:
            filled = WIDTH * done // total
            bar = "#" * filled + "." * (WIDTH - filled)
            self.stdout.write(f"\r{source.kind} [{bar}] {done}/{total}", ending="")
            self.stdout.flush()

    @property
    def _is_screen(self) -> bool:
        return bool(self.stdout.isatty())
