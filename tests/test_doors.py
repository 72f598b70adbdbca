"""The doors of pages: a visitor is led to sign in, a stranger turned away; nothing is written."""

import pytest
from django.urls import reverse

from groups.models import Level
from ruche.journal.models import Entry
from tests.groups.test_attendances import an_event
from tests.people import a_client, a_note

pytestmark = pytest.mark.django_db

MINE = [
    "/ruches/ouvrir",
    "/moi",
    "/moi/profil",
    "/moi/appareils",
    "/moi/securite",
    "/moi/blocages",
    "/moi/structures",
    "/moi/ruches",
    "/moi/agenda",
    "/moi/agenda/adresse",
    "/moi/supprimes",
    "/moi/gardes",
    "/moi/brouillons",
    "/moi/nouvelles",
    "/moi/nouvelles/reglages",
    "/moi/donnees",
    "/moi/images",
    "/publier",
]
OF_A_GROUP = ["rejoindre", "quitter", "suivre", "publier", "agenda/ajouter"]
OF_ITS_ORGANISERS = [
    "reglages",
    "archiver",
    "invitations",
    "demandes",
    "membres/membre/role",
    "membres/membre/retirer",
    "membres/membre/exclure",
    "membres/membre/readmettre",
]
OF_A_MESSAGE = ["repondre", "merci", "garder", "signaler"]
OF_ITS_AUTHOR = ["modifier", "supprimer"]
OF_AN_EVENT = ["venir", "ne-plus-venir"]
OF_WHO_RUNS_IT = ["modifier", "annuler", "qui-vient"]
SENT = {"source": "Bonjour", "level": "5", "reason": "Non", "on": "1", "confirm": "1", "role": "x"}


@pytest.fixture
def addresses(city):
    note = a_note(city.organiser, city.garden)
    event = an_event(city.organiser, city.garden, level=Level.PUBLIC)

    def of(parts, stem):
        return [f"{stem}/{part}" for part in parts]

    number = event.number
    return {
        "mine": [
            *MINE,
            *of(OF_A_GROUP, "/g/jardin"),
            *of(OF_A_MESSAGE, f"/p/{note.pk}"),
            *of(OF_AN_EVENT, f"/e/{number}"),
        ],
        "theirs": [
            *of(OF_ITS_ORGANISERS, "/g/jardin"),
            *of(OF_ITS_AUTHOR, f"/p/{note.pk}"),
            *of(OF_WHO_RUNS_IT, f"/e/{number}"),
        ],
    }


def answers(browser, paths):
    """What each address says to a reader and to who posts, where it takes that verb at all."""
    for path in paths:
        for verb in ("get", "post"):
            sent = SENT if verb == "post" else {}
            answer = getattr(browser, verb)(path, sent)
            if answer.status_code != 405:
                yield f"{verb} {path}", answer


def test_a_visitor_is_led_to_sign_in_and_writes_nothing(addresses):
    before = Entry.objects.count()
    door = reverse("account_login")
    elsewhere = {}
    for name, answer in answers(a_client(), [*addresses["mine"], *addresses["theirs"]]):
        # Words that were typed are shown again under a refusal: nobody types them twice.
        kept = name.startswith("post") and "Bonjour" in answer.content.decode()
        led = answer.status_code == 302 and answer["Location"].startswith(door)
        if not led and not (kept and answer.status_code == 403):
            elsewhere[name] = answer.status_code

    assert elsewhere == {}
    assert Entry.objects.count() == before


@pytest.mark.parametrize("who", ["resident", "member", "moderator"])
def test_who_runs_nothing_there_is_refused_and_writes_nothing(city, addresses, who):
    before = Entry.objects.count()

    open_to_them = {
        name: answer.status_code
        for name, answer in answers(a_client(getattr(city, who)), addresses["theirs"])
        if answer.status_code not in (403, 404)
    }

    assert open_to_them == {}
    assert Entry.objects.count() == before
