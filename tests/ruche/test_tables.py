"""Files for spreadsheets: nothing that people typed is computed."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest

from ruche.core.tables import csv_of, ods_of

OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_cell_of_the_csv_is_never_computed(sign):
    table = csv_of([["Nom"], [f"{sign}cmd|' /C calc'!A0"]]).decode("utf-8-sig")

    rows = list(csv.reader(io.StringIO(table, newline=""), delimiter=";"))

    assert rows[1][0].startswith(f"'{sign}")


def test_the_csv_is_read_by_french_spreadsheets():
    table = csv_of([["Nom", "Avec"], ['Zoé; Léa « la "grande" »', 2]])

    assert table.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows == [["Nom", "Avec"], ['Zoé; Léa « la "grande" »', "2"]]


def test_the_ods_is_one_sheet_of_texts_and_numbers():
    package = zipfile.ZipFile(io.BytesIO(ods_of([["<Nom>"], ["=1+1\x0b"], [3]], name='A "b" & c')))

    first = package.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert package.read("mimetype") == b"application/vnd.oasis.opendocument.spreadsheet"
    ElementTree.fromstring(package.read("META-INF/manifest.xml"))
    page = ElementTree.fromstring(package.read("content.xml"))
    (sheet,) = page.iter(f"{TABLE}table")
    assert sheet.get(f"{TABLE}name") == 'A "b" & c'
    cells = list(sheet.iter(f"{TABLE}table-cell"))
    assert [cell.findtext(f"{TEXT}p") for cell in cells] == ["<Nom>", "=1+1", "3"]
    assert [cell.get(f"{OFFICE}value-type") for cell in cells] == ["string", "string", "float"]
    assert not any(cell.get(f"{TABLE}formula") for cell in cells)
