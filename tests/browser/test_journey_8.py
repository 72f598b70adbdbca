"""Journey 8, without script: reported, decided with reasons, appealed, judged by somebody else."""

import re

import pytest
from playwright.sync_api import Page, expect

from ruche.journal.models import Audit
from tests.people import PASSWORD, a_note

pytestmark = pytest.mark.django_db(transaction=True)

FACTS = "Le 3 mars, ce message menace une personne du groupe."


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def report(page: Page, path: str) -> None:
    """An organiser is complained of: it goes to the city, whatever is asked."""
    page.goto(f"{path}/signaler")
    page.get_by_label("C’est blessant").check()
    page.get_by_label("Les organisateurs de la ruche").check()
    press(page, "Envoyer le signalement")
    expect(page.locator("main")).to_contain_text("La modération de la ville va le lire.")


def decide(page: Page) -> None:
    page.goto("/bureau")
    page.get_by_role("link", name="C’est blessant").click()
    page.get_by_label("Masquer le message").check()
    page.get_by_label("Limiter le compte").check()
    page.get_by_label("7 jours").check()
    page.get_by_label("La charte").check()
    page.get_by_label("Les faits et vos raisons").fill(FACTS)
    press(page, "Relire avant d’envoyer")
    main = page.locator("main")
    for words in ("Voici ce que chacun recevra", "Votre compte est limité", FACTS, "six mois"):
        expect(main).to_contain_text(words)
    press(page, "Envoyer")
    expect(main).to_contain_text("vos raisons sont parties")


def test_a_report_is_decided_appealed_and_judged_by_somebody_else(city, open_context):
    note = a_note(city.organiser, city.shelter, level=2, source="Attention à vous")
    path = note.get_absolute_url()

    def page_of(user=None) -> Page:
        return open_context(user, width=360, java_script_enabled=False).new_page()

    member, organiser = page_of(city.member), page_of(city.organiser)
    moderator, administrator = page_of(city.moderator), page_of(city.administrator)

    report(member, path)
    organiser.goto("/g/refuge/signalements")
    expect(organiser.locator("main")).to_contain_text("Rien à traiter")
    decide(moderator)
    assert list(Audit.objects.order_by("key").values_list("verb", flat=True).distinct()) == [
        "read_reported",
        "read_reported",
        "read_reported",
        "decide_report",
    ]
    member.goto(path)
    expect(member.locator("main")).not_to_contain_text("Attention à vous")

    # The person reads why, and does not agree; who decided does not judge again.
    organiser.goto("/moi/nouvelles")
    organiser.get_by_role("link", name=re.compile("Une décision a été prise")).click()
    expect(organiser.locator("main")).to_contain_text(FACTS)
    expect(organiser.locator("main")).not_to_contain_text("Modératrice")
    organiser.get_by_label("Pourquoi n’êtes-vous pas d’accord").fill("C’était une blague.")
    press(organiser, "Envoyer mon recours")
    expect(organiser.locator("main")).to_contain_text("Une autre personne va juger à nouveau")
    moderator.goto("/bureau/recours")
    expect(moderator.locator("main")).to_contain_text("1 recours attend une autre personne")

    administrator.goto("/bureau/recours")
    administrator.get_by_role("link", name="Au sujet de Animatrice").click()
    expect(administrator.locator("main")).to_contain_text("C’était une blague.")
    administrator.get_by_label("Annuler la décision").check()
    administrator.get_by_label("Les faits et vos raisons").fill("Une blague entre amis.")
    press(administrator, "Relire avant d’envoyer")
    press(administrator, "Envoyer")
    expect(administrator.locator("main")).to_contain_text("Votre réponse est partie")

    for side in (member, organiser):
        side.goto("/moi/nouvelles")
        side.get_by_role("link", name=re.compile("jugée une deuxième fois")).first.click()
        expect(side.locator("main")).to_contain_text("La décision est annulée")
    member.goto(path)
    expect(member.locator("main")).to_contain_text("Attention à vous")

    # Suspended: out at once, and at the door the reasons and the appeal alone.
    moderator.goto("/bureau/personnes")
    moderator.get_by_label("Nom court").fill("animatrice")
    press(moderator, "Ouvrir")
    moderator.get_by_label("Suspendre le compte").check()
    moderator.get_by_label("30 jours").check()
    moderator.get_by_label("La loi").check()
    moderator.get_by_label("Les faits et vos raisons").fill("Des insultes répétées.")
    press(moderator, "Relire avant d’envoyer")
    press(moderator, "Envoyer")
    expect(moderator.locator("main")).to_contain_text("compte suspendu")
    organiser.goto("/connexion/mot-de-passe")
    organiser.get_by_label("Votre adresse").fill("animatrice")
    organiser.get_by_label("Mot de passe").fill(PASSWORD)
    organiser.locator("main").get_by_role("button", name="Se connecter").click()
    expect(organiser.locator("main")).to_contain_text("Des insultes répétées.")
    expect(organiser.get_by_role("button", name="Demander une copie")).to_be_visible()
    organiser.goto("/moi")
    expect(organiser.locator("main")).not_to_contain_text("Mon compte")

    moderator.goto("/bureau/journal")
    for words in ("a répondu à un recours", "a lu un contenu protégé"):
        expect(moderator.locator("main")).to_contain_text(words)
