"""
`make messages`: gather the sentences of the code into ruche/locale, compile what is translated.

Does what Django's makemessages and compilemessages do, without the gettext
tools: a machine that has Python alone can translate. French is the language
of the sentences: its catalogue holds the plurals, and what Django says.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import polib
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "ruche" / "locale"
LANGUAGES = ("fr", "en", "br")
ROOMS = ("accounts", "groups", "realtime", "ruche")
KEYWORDS: Any = (
    "_", "_noop", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy",
    "pgettext", "pgettext_lazy", "npgettext", "npgettext_lazy",
)  # fmt: skip
# Django's own sentences that a form may say: our catalogues say them in our tone, French too.
BORROWED = (
    ("This field is required.", ""),
    ("Enter a valid value.", ""),
    ("Enter a valid URL.", ""),
    ("Enter a valid email address.", ""),
    ("Enter a number.", ""),
    ("Enter a whole number.", ""),
    ("Enter a valid date.", ""),
    ("Enter a valid time.", ""),
    ("Enter a valid date/time.", ""),
    ("Enter a list of values.", ""),
    ("Select a valid choice. %(value)s is not one of the available choices.", ""),
    ("Select a valid choice. That choice is not one of the available choices.", ""),
    ("Ensure this value is less than or equal to %(limit_value)s.", ""),
    ("Ensure this value is greater than or equal to %(limit_value)s.", ""),
    (
        "Ensure this value has at least %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at least %(limit_value)d characters (it has %(show_value)d).",
    ),
    (
        "Ensure this value has at most %(limit_value)d character (it has %(show_value)d).",
        "Ensure this value has at most %(limit_value)d characters (it has %(show_value)d).",
    ),
    ("No file was submitted. Check the encoding type on the form.", ""),
    ("No file was submitted.", ""),
    ("The submitted file is empty.", ""),
    ("Null characters are not allowed.", ""),
)
# Arguments of each keyword: (context, singular, plural), -1 where there is none.
ARGUMENTS = {"ngettext": (-1, 0, 1), "pgettext": (0, 1, -1), "npgettext": (0, 1, 2)}


def sources() -> Iterator[Path]:
    for room in ROOMS:
        for pattern in ("**/*.py", "**/templates/**/*.html", "**/templates/**/*.txt"):
            for path in sorted((ROOT / room).glob(pattern)):
                if "migrations" not in path.parts:
                    yield path


def extracted() -> list[polib.POEntry]:
    """Return one entry for each sentence, with the files that say it."""
    entries: dict[tuple[str, str], polib.POEntry] = {}
    for singular, plural in BORROWED:
        flags = ["python-format"] if "%(" in singular else []
        entries["", singular] = polib.POEntry(
            msgid=singular, msgid_plural=plural, occurrences=[("django", "")], flags=flags
        )
    for path in sources():
        name = str(path.relative_to(ROOT))
        for context, singular, plural in _sentences(path):
            entry = entries.setdefault(
                (context, singular),
                polib.POEntry(msgid=singular, msgctxt=context or None, occurrences=[]),
            )
            if plural:
                entry.msgid_plural = plural
            if (name, "") not in entry.occurrences:
                entry.occurrences.append((name, ""))
            if re.search(r"%\(\w+\)[sd]", singular + plural) and "python-format" not in entry.flags:
                entry.flags.append("python-format")
    return list(entries.values())


def _sentences(path: Path) -> Iterator[tuple[str, str, str]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # What is no sentence becomes XXX; without indents it reads as Python.
        text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
    file = io.BytesIO(text.encode())
    for _, function, messages, _ in extract_python(file, KEYWORDS, (), {"encoding": "utf-8"}):
        parts = messages if isinstance(messages, tuple) else (messages,)
        context, singular, plural = (
            str(parts[place] or "") if 0 <= place < len(parts) else ""
            for place in ARGUMENTS.get(str(function).removesuffix("_lazy"), (-1, 0, -1))
        )
        if singular:
            yield context, singular, plural


def plural_forms(language: str) -> str:
    """Django's own rule: catalogues of one language must count alike."""
    theirs = Path(django.__file__).parent / "conf/locale" / language / "LC_MESSAGES/django.po"
    return polib.pofile(str(theirs)).metadata["Plural-Forms"]


def gather(language: str, entries: list[polib.POEntry]) -> polib.POFile:
    """Return the catalogue with today's sentences, and the translations that it has."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    old = polib.pofile(str(path)) if path.exists() else polib.POFile()
    kept = {(entry.msgctxt, entry.msgid): entry for entry in old if not entry.obsolete}
    forms = plural_forms(language)
    count = int(re.search(r"nplurals=(\d+)", forms)[1])  # type: ignore[index]
    catalogue = polib.POFile(wrapwidth=100)
    catalogue.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": forms,
    }
    for entry in entries:
        borrowed = ("django", "") in entry.occurrences
        if language == "fr" and not entry.msgid_plural and not borrowed:
            continue
        before = kept.get((entry.msgctxt, entry.msgid))
        new = polib.POEntry(
            msgid=entry.msgid,
            msgctxt=entry.msgctxt,
            msgid_plural=entry.msgid_plural,
            occurrences=entry.occurrences,
            flags=list(entry.flags),
        )
        if entry.msgid_plural:
            said = before.msgstr_plural if before else {}
            if language == "fr" and not said and not borrowed:
                said = {0: entry.msgid, 1: entry.msgid_plural}
            new.msgstr_plural = {form: said.get(form, "") for form in range(count)}
        elif before:
            new.msgstr = before.msgstr
        catalogue.append(new)
    catalogue.fpath = str(path)
    return catalogue


def main() -> None:
    entries = extracted()
    for language in LANGUAGES:
        catalogue = gather(language, entries)
        catalogue.save(catalogue.fpath)
        # Read again, so that what is compiled is what is committed.
        binary = polib.pofile(catalogue.fpath).to_binary()
        Path(catalogue.fpath).with_suffix(".mo").write_bytes(binary)
        translated = len(catalogue.translated_entries())
        print(f"{language} : {translated} phrases sur {len(catalogue)}")


if __name__ == "__main__":
    main()
