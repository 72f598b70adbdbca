"""
Where copies of people's data lie: ``EXPORTS_ROOT``, which no server hands out.

A copy is written beside its place and moved there whole: no half file.
"""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,32}\Z")


def export_path(token: str) -> Path:
    if not _TOKEN.match(token):
        raise ValueError("no token of ours")
    return Path(settings.EXPORTS_ROOT) / f"{token}.zip"


@contextmanager
def being_written(token: str) -> Iterator[Path | None]:
    """
    Give the path to write to, for one process at a time; None while another one writes.

    What is left there at the end was not moved, and is removed. A process that
    was killed lets go: the next one begins again.
    """
    final = export_path(token)
    final.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = final.with_suffix(".part")
    descriptor = os.open(final.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        try:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            yield part
        finally:
            part.unlink(missing_ok=True)
            final.with_suffix(".words").unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def put_in_place(part: Path, token: str) -> int:
    """Make what was written the copy, on disk; return its size in bytes."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    final = export_path(token)
    os.replace(part, final)
    return final.stat().st_size


def remove_export_file(token: str) -> None:
    """Take the copy away, and what a killed process left of it."""
    for suffix in (".zip", ".part", ".words", ".lock"):
        with suppress(FileNotFoundError):
            export_path(token).with_suffix(suffix).unlink()


def tokens_of_files() -> set[str]:
    """Names of all that lies there."""
    root = Path(settings.EXPORTS_ROOT)
    if not root.is_dir():
        return set()
    return {path.stem for path in root.iterdir() if _TOKEN.match(path.stem)}
