"""Addresses to invite: typed, pasted, or out of a spreadsheet."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from groups.actions.invitations import MAX_ADDRESSES

MAX_FILE_BYTES = 200_000
# A line shown back as unreadable is cut here (signs).
MAX_SHOWN = 80

_CELL_ENDS = re.compile(r"[;,\t]")
_BRACKETS = re.compile(r"<([^<>]*)>")


def text_of(raw: bytes) -> str:
    """Read what spreadsheets write: UTF-8 with or without mark, UTF-16, or Windows' Latin."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def addresses_in(text: str) -> tuple[list[str], list[str]]:
    """
    Return the addresses of ``text`` and the lines that hold none that can be read.

    One or several a line, between ``;``, ``,`` or tabs, with or without names
    beside them; a first line without any is taken for the titles of columns.
    """
    addresses: list[str] = []
    unreadable: list[str] = []
    lines = [line.strip() for line in text.replace("\x00", "").splitlines()]
    for number, line in enumerate(line for line in lines if line.strip(";, \t\"'")):
        found, bad = _read(line)
        addresses += found
        if bad or not (found or (number == 0 and "@" not in line)):
            unreadable.append(line[:MAX_SHOWN])
    return list(dict.fromkeys(addresses)), unreadable


def _read(line: str) -> tuple[list[str], bool]:
    found = []
    bad = False
    for cell in _CELL_ENDS.split(line):
        bracketed = _BRACKETS.search(cell)
        word = (bracketed[1] if bracketed else cell).strip().strip("\"'").strip()
        word = word.removeprefix("mailto:").lower()
        if "@" not in word:
            continue
        for address in word.split():
            if "@" not in address:
                continue
            try:
                validate_email(address)
            except ValidationError:
                bad = True
            else:
                found.append(address)
    return found, bad


class InviteForm(forms.Form):
    addresses = forms.CharField(
        label=_("Adresses mail"),
        help_text=_("Une par ligne, ou séparées par des virgules ou des points-virgules."),
        required=False,
        max_length=MAX_FILE_BYTES,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocapitalize": "none"}),
    )
    file = forms.FileField(
        label=_("Ou un fichier"),
        help_text=_("Un tableau enregistré en CSV ; on y prend les adresses, rien d’autre."),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )

    def clean_file(self) -> str:
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is None:
            return ""
        if file.size is None or file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(_("Ce fichier est trop lourd : 200 ko au plus."))
        return text_of(file.read())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        typed, unread_typed = addresses_in(data.get("addresses", ""))
        filed, unread_filed = addresses_in(data.get("file") or "")
        found = list(dict.fromkeys(typed + filed))
        data["found"], data["unreadable"] = found, unread_typed + unread_filed
        if self.errors:
            return data
        if not found:
            raise forms.ValidationError(
                _("Aucune adresse n’a pu être lue. Exemple : prenom@exemple.org")
            )
        if len(found) > MAX_ADDRESSES:
            raise forms.ValidationError(
                _("%(most)s adresses au plus à la fois : il y en a %(count)s."),
                params={"most": MAX_ADDRESSES, "count": len(found)},
            )
        return data
