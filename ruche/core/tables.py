"""
Tables for spreadsheets: CSV as French ones read it, and ODS with the standard library alone.

What people typed never becomes a formula. Sources: RFC 4180; OASIS
OpenDocument 1.2, parts 1 and 3; OWASP, CSV injection.
"""

import csv
import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from ruche.core.html import without_controls

Row = Sequence[str | int]
# A spreadsheet reads a cell that begins so as something to compute.
_COMPUTES = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_NAMESPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
    for short in ("office", "table", "text")
)
_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" \
manifest:version="1.2"><manifest:file-entry manifest:full-path="/" manifest:version="1.2" \
manifest:media-type="{_ODS}"/><manifest:file-entry manifest:full-path="content.xml" \
manifest:media-type="text/xml"/></manifest:manifest>"""


def csv_of(rows: Sequence[Row]) -> bytes:
    """UTF-8 with its mark and semicolons, as French spreadsheets open it on a double click."""
    page = io.StringIO()
    csv.writer(page, delimiter=";", lineterminator="\r\n").writerows(
        [[_guarded(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    )
    return page.getvalue().encode("utf-8-sig")


def ods_of(rows: Sequence[Row], *, name: str) -> bytes:
    """A spreadsheet of one sheet, called ``name``; cells are texts and numbers, never formulas."""
    body = "".join(
        f"<table:table-row>{''.join(_cell(cell) for cell in row)}</table:table-row>" for row in rows
    )
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<office:document-content {_NAMESPACES} office:version="1.2"><office:body>'
        f"<office:spreadsheet><table:table table:name={quoteattr(without_controls(name))}>{body}"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        # First, and as it is: that is how the type is read. Source: OpenDocument part 3, 3.3.
        package.writestr("mimetype", _ODS, zipfile.ZIP_STORED)
        package.writestr("META-INF/manifest.xml", _MANIFEST)
        package.writestr("content.xml", content)
    return file.getvalue()


def _guarded(text: str) -> str:
    """A text that a spreadsheet would compute is one again behind an apostrophe."""
    return f"'{text}" if text.startswith(_COMPUTES) else text


def _cell(value: str | int) -> str:
    if isinstance(value, int):
        kind = f'office:value-type="float" office:value="{value}"'
    else:
        kind = 'office:value-type="string"'
        value = without_controls(value)
    return f"<table:table-cell {kind}><text:p>{escape(str(value))}</text:p></table:table-cell>"
