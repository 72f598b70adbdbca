"""
The copy itself: a zip with ``index.html`` to read, ``donnees.json`` for machines, ``images/``.

Written row after row: what is in memory at a time is one batch of 100. The
page is made of templates that escape everything; there is no table for
spreadsheets in it, and no address of another site. Sources: RGPD 20;
safety.md S-049, S-110.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.acting import Acting
from groups.models import Level
from groups.my_data.labels import CODED, FOR_MACHINES, LABELS, WORDS
from groups.my_data.reading import Picture, Record
from groups.my_data.sections import SECTIONS, Section
from ruche.core.city import city
from ruche.core.pictures import picture_path

VERSION = 1
FORMAT = "ruche-my-data"
_FOLDER = "groups/my_data/archive"
_BLOCK = 1 << 16
# The same moment for all files: what was inside says when it was made.
_ZIPPED_AT = (1980, 1, 1, 0, 0, 0)


def count_rows(acting: Acting) -> int:
    return sum(section.count(acting) for section in SECTIONS)


def write_archive(acting: Acting, path: Path, told: Callable[[int], None]) -> None:
    """
    Write the copy for ``acting`` to ``path``; call ``told`` with the number of rows done.

    The page is written beside ``path`` (``.words``) while the other files go
    into the zip, and put in last: a zip takes one file at a time.
    """
    user = acting.user
    assert user is not None
    page_path = path.with_suffix(".words")
    with (
        translation.override(user.language or settings.LANGUAGE_CODE),
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        page_path.open("w", encoding="utf-8") as page,
    ):
        pictures = _write_words(acting, archive, page, told)
        page.close()
        _write_pictures(archive, pictures)
        with page_path.open("rb") as source, archive.open(_entry("index.html"), "w") as target:
            _pour(source, target)


def _write_words(
    acting: Acting, archive: zipfile.ZipFile, page: IO[str], told: Callable[[int], None]
) -> list[Picture]:
    """Write the JSON and the page in one reading; return the pictures that they name."""
    pictures: list[Picture] = []
    done = 0
    context = {"actor": acting.actor, "made_at": timezone.now(), "sections": _titles(acting)}
    page.write(render_to_string(f"{_FOLDER}/_head.html", context))
    with (
        archive.open(_entry("donnees.json"), "w", force_zip64=True) as binary,
        io.TextIOWrapper(binary, encoding="utf-8") as data,
    ):
        head = {"format": FORMAT, "version": VERSION, "city": city().name}
        head |= {"from": settings.PUBLIC_URL, "made_at": context["made_at"]}
        data.write(_json(head)[:-1])
        for section in SECTIONS:
            data.write(f',\n"{section.name}": [')
            title = {"name": section.name, "title": _(section.title)}
            page.write(render_to_string(f"{_FOLDER}/_section.html", title))
            first = True
            for records in section.batches(acting):
                for record in records:
                    data.write(("\n" if first else ",\n") + _json(record))
                    first = False
                    page.write(_article(section, record))
                    pictures += _pictures_in(record)
                done += len(records)
                told(done)
            data.write("]")
            page.write(render_to_string(f"{_FOLDER}/_section_end.html", {"is_empty": first}))
        data.write("}\n")
    page.write(render_to_string(f"{_FOLDER}/_foot.html"))
    return pictures


def _titles(acting: Acting) -> list[dict[str, Any]]:
    return [
        {"name": section.name, "title": _(section.title), "count": section.count(acting)}
        for section in SECTIONS
    ]


def _write_pictures(archive: zipfile.ZipFile, pictures: list[Picture]) -> None:
    """Put each file in as it is; one that was taken away in the meantime is left out."""
    for picture in pictures:
        try:
            source = picture_path(picture.token, picture.width).open("rb")
        except FileNotFoundError:
            continue
        with source, archive.open(_entry(picture.name, zipfile.ZIP_STORED), "w") as target:
            _pour(source, target)


def _entry(name: str, how: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, date_time=_ZIPPED_AT)
    entry.compress_type = how
    entry.external_attr = 0o600 << 16
    return entry


def _pour(source: IO[bytes], target: IO[bytes]) -> None:
    while block := source.read(_BLOCK):
        target.write(block)


# --- For machines -------------------------------------------------------------


class _Encoder(DjangoJSONEncoder):
    def default(self, o: Any) -> Any:
        if isinstance(o, Picture):
            return {"file": o.name, "description": o.description}
        return super().default(o)


def _json(value: Any) -> str:
    return json.dumps(value, cls=_Encoder, ensure_ascii=False)


# --- For people ---------------------------------------------------------------


def _article(section: Section, record: Record) -> str:
    lines = [line for name, value in record.items() if (line := _line(section, name, value))]
    return render_to_string(f"{_FOLDER}/_record.html", {"lines": lines})


def _line(section: Section, name: str, value: Any) -> dict[str, Any] | None:
    """One field as the page shows it; None where there is nothing to say."""
    if value is None or value in ("", [], {}) or name in FOR_MACHINES:
        return None
    label = _(LABELS[name])
    if name == "source":
        return {"label": label, "text": value}
    if name == "pictures":
        return {"label": label, "pictures": value}
    if name in CODED:
        return {"label": label, "words": _(WORDS.get(value, value))}
    if name in ("level", "level_asked"):
        return {"label": label, "words": str(Level(value).label)}
    if isinstance(value, list):
        return {"label": label, "several": [_item(each) for each in value]}
    return {"label": label, **_item(value)}


def _item(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"words": _("oui") if value else _("non")}
        case datetime():
            return {"moment": value}
        case {"name": name, "address": address}:
            return {"words": name, "address": address}
        case {"source": source, "replaced_at": moment}:
            return {"text": source, "moment": moment}
        case dict():
            return {"words": " : ".join(str(each) for each in value.values())}
        case str() if value.startswith(f"{settings.PUBLIC_URL}/"):
            return {"words": value, "address": value}
    return {"words": str(value)}


def _pictures_in(record: Record) -> Iterator[Picture]:
    yield from record.get("pictures", [])
