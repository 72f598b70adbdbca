"""`manage.py reindex`: what search finds, made anew from the rows."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from groups.actions.indexing import SOURCES
from ruche.core.db import atomic
from ruche.index.writing import Source, mend_next, outdate

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
        total, seen, done, dropped = source.rows().count(), 0, 0, 0
        after: int | None = None
        while True:
            # Each batch is kept, whatever happens to the next one.
            with atomic():
                mended = mend_next(source, after)
            seen += mended.seen
            done += mended.made
            dropped += mended.dropped
            after = mended.after
            self._say(source, seen, max(total, seen))
            if after is None:
                break
        end = "\n" if self._is_screen else ""
        self.stdout.write(f"{end}{source.kind} : {done} indexés, {dropped} retirés")

    def _say(self, source: Source, seen: int, total: int) -> None:
        if self._is_screen and total:
            filled = WIDTH * seen // total
            bar = "#" * filled + "." * (WIDTH - filled)
            self.stdout.write(f"\r{source.kind} [{bar}] {seen}/{total}", ending="")
            self.stdout.flush()

    @property
    def _is_screen(self) -> bool:
        return bool(self.stdout.isatty())
