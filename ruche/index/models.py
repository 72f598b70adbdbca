"""What can be found, in the words it is found by. It never says who may find it."""

from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Lookup

from ruche.index import engine


@dataclass(frozen=True)
class Asked:
    """
    Words of ``ruche.core.stems`` (letters and digits alone), to be found all, or ``any``.

    ``beginning``: each word may go on. Nothing is found by no word.
    """

    words: tuple[str, ...]
    beginning: bool = False
    any: bool = False


class Terms(models.TextField):
    """Words with spaces between, looked up in the engine's full text index."""


@Terms.register_lookup
class Matches(Lookup):
    """``words__matches=Asked(…)``: the whole words of this column, on both engines alike."""

    lookup_name = "matches"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        assert isinstance(self.rhs, Asked)
        if not self.rhs.words:
            return "1 = 0", ()
        asked = {"beginning": self.rhs.beginning, "any": self.rhs.any}
        alias = compiler.quote_name_unless_alias(self.lhs.alias)
        return engine.condition(connection, alias, self.lhs.target.column, self.rhs.words, **asked)


class Document(models.Model):
    """
    One thing that may be found: ``kind`` and ``object_key`` name its row, a plain value.

    Kept by ``ruche.index.writing`` alone. ``words`` holds those of the name
    too. ``near`` holds the keys of the name that forgive typing errors.
    ``edition`` is that of the words' making: an older one is made anew.

    Engines keep what they need beside the table (``engine.install``): a
    migration that makes SQLite rebuild the table installs it again.
    """

    kind = models.CharField(max_length=12)
    object_key = models.BigIntegerField()
    name = Terms(blank=True)
    words = Terms(blank=True)
    near = Terms(blank=True)
    edition = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "object_key"], name="document_once")]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_key}"
