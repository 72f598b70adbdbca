"""Secrets that the house makes once and keeps in a file."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

# Easy to read aloud and to type on a telephone.
_WORDS = """
abeille ajonc ancre baleine barque bouee brume bruyere cabane cormoran crabe dune ecume embrun
figue galet goeland granit hublot ilot jardin lande lierre loutre marin mimosa miel noroit oursin
phare pollen quai rade ruche sable sardine sextant tilleul tramway trefle vague voile
""".split()  # noqa: SIM905 - a list of words reads best as words


def new_secret() -> str:
    """Return 64 characters that nobody guesses."""
    return secrets.token_urlsafe(48)


def new_passphrase() -> str:
    """Return three words and a number (31 bits): for accounts that only this machine reaches."""
    words = [secrets.choice(_WORDS) for _ in range(3)]
    return "-".join([*words, str(1000 + secrets.randbelow(9000))])


def kept_secret(path: Path, make: Callable[[], str] = new_secret) -> str:
    """
    Return the secret in ``path``, made on first use (mode 0600).

    Where the folder cannot be written the secret lives as long as the process:
    the commands that need it to last say so themselves.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        pass
    value = make()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip() or value
    except OSError:
        return value
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(value)
    return value
