"""
Pictures as they are kept: re-encoded in a process of their own, never the file that was sent.

``MEDIA_ROOT/<token>/<width>.webp``. Who may see one is asked elsewhere; here
are files alone. Sources: safety.md P104-P128, S-056, S-058, S-059.
"""

import importlib.util
import json
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from ruche.core import darkroom
from ruche.core.darkroom import FILE_BYTES, MAX_UPLOAD_BYTES

TIMEOUT_S = 10
# Each takes up to 768 MB. Few wait, and not for long: they keep places that pages need.
AT_ONCE = 2
IN_LINE = 8
WAIT_S = 10

CONTENT_TYPE = "image/webp"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,32}\Z")
_places = threading.BoundedSemaphore(AT_ONCE)
_line = threading.BoundedSemaphore(IN_LINE)


class PictureRefused(Exception):
    """The file cannot be kept. ``str()`` is a sentence for the person, which says what to do."""


@dataclass(frozen=True)
class Kept:
    """Pixels of the largest size kept, and the widths kept, ascending."""

    width: int
    height: int
    widths: list[int]


def keep_picture(file: IO[bytes], token: str) -> Kept:
    """
    Develop ``file`` and keep it as ``token``; all of it or nothing.

    At most 15 MB and 50 million pixels; JPEG, PNG, WebP, GIF (its first image),
    told apart by their content. Takes up to 10 s and is never called inside a
    transaction. Raises PictureRefused.
    """
    # Read once it is its turn: those in line hold no memory.
    with _a_place():
        data = file.read(MAX_UPLOAD_BYTES + 1)
        if not data:
            raise PictureRefused(_("Ce fichier est vide. Choisissez une autre photo."))
        if len(data) > MAX_UPLOAD_BYTES:
            raise _refusal("heavy")
        root = Path(settings.MEDIA_ROOT)
        root.mkdir(parents=True, exist_ok=True)
        # A name that no address can hold, until all sizes are there.
        folder = root / f".{token}.{secrets.token_hex(4)}"
        folder.mkdir(mode=0o700)
        try:
            kept = _develop(data, folder)
            folder.rename(picture_folder(token))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return kept


def picture_folder(token: str) -> Path:
    if not _TOKEN.match(token):
        raise ValueError("no token of ours")
    return Path(settings.MEDIA_ROOT) / token


def picture_path(token: str, width: int) -> Path:
    return picture_folder(token) / f"{int(width)}.webp"


def remove_picture_files(token: str) -> None:
    """Take the files away; nothing happens where there are none."""
    shutil.rmtree(picture_folder(token), ignore_errors=True)


def tokens_kept_before(moment_s: float) -> Iterator[str]:
    """
    Names of the folders older than ``moment_s`` (seconds since 1970), for the sweep.

    What a process that died left half made is removed on the way.
    """
    root = Path(settings.MEDIA_ROOT)
    if not root.is_dir():
        return
    for folder in root.iterdir():
        if not folder.is_dir() or folder.stat().st_mtime >= moment_s:
            continue
        if folder.name.startswith("."):
            shutil.rmtree(folder, ignore_errors=True)
        elif _TOKEN.match(folder.name):
            yield folder.name


def _develop(data: bytes, folder: Path) -> Kept:
    answer_path = folder / "answer.json"
    with answer_path.open("wb") as answer_file:
        try:
            subprocess.run(  # noqa: S603 - our own program, fixed arguments
                [sys.executable, "-I", "-S", darkroom.__file__, _pillow_folder(), str(folder)],
                input=data,
                # A file: its size is limited, what comes through a pipe is not.
                stdout=answer_file,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={},
                timeout=TIMEOUT_S,
                check=True,
            )
        except subprocess.TimeoutExpired:
            # What costs too much is ended by its own limit, before: the machine is busy.
            raise _refusal("busy") from None
        except subprocess.CalledProcessError as died:
            ended = died.returncode in (-signal.SIGXCPU, -signal.SIGKILL)
            raise _refusal("large" if ended else "broken") from None
    try:
        answer = json.loads(answer_path.read_bytes()[:4000])
        answer_path.unlink()
        if "refused" in answer:
            raise _refusal(answer["refused"])
        kept = Kept(int(answer["width"]), int(answer["height"]), [int(w) for w in answer["widths"]])
    except (ValueError, KeyError, TypeError):
        raise _refusal("broken") from None
    _check(folder, kept)
    return kept


def _check(folder: Path, kept: Kept) -> None:
    """Believe the other process no further than this: WebP files and nothing beside them."""
    expected = {f"{width}.webp" for width in kept.widths}
    found = {path.name for path in folder.iterdir() if path.is_file() and not path.is_symlink()}
    if not expected or expected != found or kept.widths[-1] != kept.width:
        raise _refusal("broken")
    for name in expected:
        with (folder / name).open("rb") as file:
            start = file.read(16)
        if start[:4] != b"RIFF" or start[8:15] != b"WEBPVP8":
            raise _refusal("broken")
        if (folder / name).stat().st_size > FILE_BYTES:
            raise _refusal("large")


@contextmanager
def _a_place() -> Iterator[None]:
    if not _line.acquire(blocking=False):
        raise _refusal("busy")
    try:
        if not _places.acquire(timeout=WAIT_S):
            raise _refusal("busy")
        try:
            yield
        finally:
            _places.release()
    finally:
        _line.release()


def _pillow_folder() -> str:
    found = importlib.util.find_spec("PIL")
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).parent.parent)


def _refusal(reason: str) -> PictureRefused:
    sentences = {
        "heavy": _("Cette photo pèse plus de 15 Mo. Réduisez-la, ou envoyez-en une autre."),
        "large": _(
            "Cette image est trop grande. Envoyez-en une de moins de 50 millions de pixels,"
            " par exemple une photo prise avec un téléphone."
        ),
        "frames": _("Cette image animée est trop longue. Envoyez plutôt une photo."),
        "heic": _(
            "Cette photo est au format HEIC, que nous ne savons pas lire. Dans les réglages de"
            " l’appareil photo, choisissez « Le plus compatible », ou envoyez une copie en JPEG."
        ),
        "kind": _("Ce fichier n’est pas une photo. Envoyez une image JPEG, PNG, WebP ou GIF."),
        "busy": _("Beaucoup de photos arrivent en même temps. Réessayez dans une minute."),
        "broken": _("Ce fichier est abîmé ou incomplet. Envoyez-le à nouveau, ou un autre."),
    }
    return PictureRefused(sentences.get(reason, sentences["broken"]))
