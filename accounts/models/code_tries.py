"""How often a code was tried: one count for all processes."""

from django.db import models


class CodeTries(models.Model):
    """``code`` is the drawn name of a code that stands in a session, never the code itself."""

    code = models.CharField(max_length=32, primary_key=True)
    tried = models.PositiveIntegerField(default=0)
    begun_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.code
