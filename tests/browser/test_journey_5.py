"""
Journey 5, without script, at 360 px: a workshop of eight seats.

Ten sign up, eight of them by the web and two by mail alone; two wait. One
leaves, the first who waits is told; it moves, everybody is told, and the
calendar file says so; at the end the list goes out as a spreadsheet.
"""

import io
import re
import zipfile

import pytest
from django.core import mail as outbox
from icalendar import Calendar
from playwright.sync_api import Page, expect

from groups.models import Attendance, Event
from ruche.worker import run_ready_jobs
from tests.people import a_user

pytestmark = pytest.mark.django_db(transaction=True)

SEATS = 8


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def plan_the_workshop(page: Page, group: str) -> str:
    page.goto(f"/g/{group}/agenda/ajouter")
    page.get_by_label("Nom du rendez-vous").fill("Atelier tablette")
    page.get_by_label("Jour", exact=True).fill("2031-03-04")
    page.get_by_label("Commence à").fill("14:00")
    page.get_by_label("Finit à").fill("16:00")
    page.get_by_label("Lieu", exact=True).select_option("new")
    page.get_by_label("Nom du lieu").fill("Maison pour tous")
    page.locator("#id_place_address").fill("3 rue de Kérourien")
    page.get_by_label("Nombre de places").fill(str(SEATS))
    page.get_by_label("On peut venir sans compte").check()
    page.locator("input[name=level][value='5']").check()
    press(page, "Mettre dans l’agenda")
    expect(page.get_by_role("heading", level=1)).to_have_text("Atelier tablette")
    return page.url


def letters_to(address: str) -> list[str]:
    run_ready_jobs()
    return [f"{m.subject}\n{m.body}" for m in outbox.outbox if m.recipients() == [address]]


def sign_up_by_mail(page: Page, event: str, name: str, address: str) -> None:
    page.goto(event)
    page.get_by_role("link", name="Venir sans compte").click()
    page.get_by_label("Votre nom").fill(name)
    page.get_by_label("Votre adresse mail").fill(address)
    press(page, "Recevoir le code")
    code = re.search(r"\b\d{3} \d{3}\b", letters_to(address)[-1])
    assert code is not None
    page.get_by_label("Code à six chiffres").fill(code[0])
    press(page, "Garder ma place")
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre place")


def test_a_workshop_fills_moves_and_is_counted(city, open_context):
    def page_of(user=None) -> Page:
        return open_context(user, width=360, java_script_enabled=False).new_page()

    organiser = page_of(city.organiser)
    event = plan_the_workshop(organiser, city.garden.handle)

    people = [a_user(f"voisine{n}", f"Voisine {n}") for n in range(SEATS)]
    browsers = [page_of(user) for user in people]
    for browser in browsers:
        browser.goto(event)
        press(browser, "Réserver ma place")
        expect(browser.locator("main")).to_contain_text("Vous venez.")
    for name in ("Zoé", "Léa"):
        sign_up_by_mail(page_of(), event, name, f"{name[0].lower()}@courriel.test")
    organiser.goto(event)
    expect(organiser.locator("main")).to_contain_text("8 places prises sur 8.")
    expect(organiser.locator("main")).to_contain_text("2 personnes attendent.")

    # One leaves: the first who waits has the seat, and is told once, by mail.
    browsers[0].goto(event)
    browsers[0].get_by_role("link", name="Je ne viens plus").click()
    press(browsers[0], "Je ne viens plus")
    freed = [letter for letter in letters_to("z@courriel.test") if "s’est libérée" in letter]
    assert len(freed) == 1
    assert not any("s’est libérée" in letter for letter in letters_to("l@courriel.test"))

    # It moves: all are told once, where they are told.
    organiser.goto(f"{event}/modifier")
    organiser.get_by_label("Jour", exact=True).fill("2031-03-11")
    organiser.get_by_label("Un mot pour").fill("La salle est prise ce jour-là.")
    press(organiser, "Enregistrer")
    for address in ("z@courriel.test", "l@courriel.test"):
        assert sum("a changé" in letter for letter in letters_to(address)) == 1
    browsers[1].goto("/moi/nouvelles")
    expect(browsers[1].get_by_text("« Atelier tablette » a changé")).to_have_count(1)
    browsers[1].goto(event)
    expect(browsers[1].locator("main")).to_contain_text("Ce rendez-vous a changé")
    found = Event.objects.get(name="Atelier tablette")
    (dated,) = Calendar.from_ical(browsers[1].request.get(f"{event}.ics").body()).walk("VEVENT")
    assert (dated.decoded("DTSTART"), dated.decoded("SEQUENCE")) == (found.starts_at, 1)
    assert found.starts_local.strftime("%d %H:%M") == "11 14:00"

    # Who holds the door takes the list.
    organiser.goto(f"{event}/qui-vient")
    expect(organiser.locator("main")).to_contain_text("8 personnes viennent.")
    with organiser.expect_download() as download:
        organiser.get_by_role("link", name="Télécharger pour un tableur").click()
    package = zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes()))
    sheet = package.read("content.xml").decode()
    assert sheet.count("<table:table-row>") == 1 + SEATS + 1
    assert "Voisine 0" not in sheet
    assert sheet.index("Zoé") < sheet.index("Léa")
    assert Attendance.objects.going().seats() == SEATS
