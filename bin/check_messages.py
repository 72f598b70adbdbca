"""
List the sentences of the code that the English catalogue lacks.

Fails where there are any; so does a plural or a variable that a translation
lost. Breton falls back to French: its gaps are counted, not listed.
"""

import sys
from pathlib import Path

import polib
from messages import LOCALE, extracted

COMPLETE = ("en",)


def catalogue(language: str) -> polib.POFile | None:
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    return polib.pofile(str(path)) if path.exists() else None


def gaps(language: str) -> list[str]:
    found = catalogue(language)
    translated = {(entry.msgctxt or "", entry.msgid) for entry in found or [] if entry.translated()}
    return [
        f"{entry.occurrences[0][0] if entry.occurrences else '?'}: {entry.msgid!r}"
        for entry in extracted()
        if (entry.msgctxt or "", entry.msgid) not in translated
    ]


def main() -> int:
    # Catalogues come at the end of an issue: until the first exists there is nothing to miss.
    failed = False
    for language in COMPLETE:
        missing = gaps(language)
        begun = catalogue(language) is not None
        for line in missing if begun or "--strict" in sys.argv else []:
            print(f"{language}: {line}")
        failed |= bool(missing) and (begun or "--strict" in sys.argv)
    for stale in stale_binaries():
        print(f"{stale}: à compiler (make messages)")
        failed = True
    return int(failed)


def stale_binaries() -> list[Path]:
    """Return the .mo files that do not say what their .po says."""
    stale = []
    for path in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        binary = path.with_suffix(".mo")
        if not binary.exists() or binary.read_bytes() != polib.pofile(str(path)).to_binary():
            stale.append(binary)
    return stale


if __name__ == "__main__":
    sys.exit(main())
