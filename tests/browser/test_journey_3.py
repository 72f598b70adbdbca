"""Journey 3, without script: an association opens its ruche, invites, answers, and is found."""

import re

import pytest
from playwright.sync_api import FilePayload, Page, expect

from groups.actions.groups import answer_group_request
from groups.models import Group, Invitation, Membership, MembershipState
from tests.people import a_user, acting_as

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "Nous n’avons plus de place avant mars."
CSV = "Prénom;Courriel\r\n" + "".join(f"P{n};p{n}@courriel.test\r\n" for n in range(40))


def press(page: Page, words: str) -> None:
    page.get_by_role("button", name=words, exact=True).click()


def open_the_ruche(page: Page) -> None:
    page.goto("/ruches")
    page.get_by_role("link", name="Ouvrir une ruche").first.click()
    page.get_by_label("Nom de la ruche").fill("Cuisine de Kérourien")
    page.get_by_label("Présentation").fill("On cuisine ensemble le mercredi.")
    page.get_by_label("Pour une structure qui n’est pas encore ici").check()
    page.get_by_label("Nom de la structure").fill("Les Tabliers")
    page.get_by_label("Protégée").check()
    page.get_by_label("Sur demande").check()
    page.get_by_label("Vos règles").fill("On se lave les mains.\nOn goûte à tout.")
    page.get_by_label("Vos questions").fill("Que cuisinez-vous ?\nQuel jour venez-vous ?")
    page.get_by_label("Un mot pour la ville").fill("Une association de quartier.")
    press(page, "Envoyer ma demande")
    expect(page.locator("main")).to_contain_text("attend la réponse de la ville")


def ask_to_join(page: Page, dish: str) -> None:
    page.goto("/ruches?q=kerourien")
    page.get_by_role("link", name="Cuisine de Kérourien").click()
    page.get_by_role("link", name="Demander à rejoindre").click()
    expect(page.locator("main")).to_contain_text("On goûte à tout.")
    page.get_by_label("Que cuisinez-vous").fill(dish)
    page.get_by_label("Quel jour venez-vous").fill("Le mercredi")
    press(page, "Envoyer ma demande")
    expect(page.get_by_role("alert")).to_contain_text("Lisez les règles")
    page.get_by_label("J’ai lu les 2 règles").check()
    press(page, "Envoyer ma demande")
    expect(page.locator("main")).to_contain_text("Votre demande est partie")


def test_an_association_opens_its_ruche(city, open_context):
    people = [a_user(f"voisine{n}", f"Voisine {n}") for n in (1, 2, 3)]

    def page_of(user=None) -> Page:
        return open_context(user, width=360, java_script_enabled=False).new_page()

    organiser = page_of(city.resident)
    open_the_ruche(organiser)
    group = Group.objects.get(actor__name="Cuisine de Kérourien")
    assert str(group.structure) == "Les Tabliers"
    answer_group_request(acting_as(city.moderator), group=group, accept=True)

    # Forty people by CSV; the same file again sends nothing.
    file = FilePayload(name="membres.csv", mimeType="text/csv", buffer=CSV.encode("cp1252"))
    for report in ("40 invitations partent", "40 adresses ont déjà leur invitation"):
        organiser.goto(f"{group.get_absolute_url()}/invitations")
        organiser.get_by_label("Ou un fichier").set_input_files(file)
        press(organiser, "Envoyer les invitations")
        expect(organiser.locator("main")).to_contain_text(report)
    assert Invitation.objects.filter(group=group).count() == 40

    # A link on a poster, with its code.
    organiser.goto(f"{group.get_absolute_url()}/invitations")
    press(organiser, "Faire un lien")
    organiser.get_by_role("link", name="Affiche avec code à scanner").first.click()
    expect(organiser.locator("svg.qr")).to_be_visible()
    printed = organiser.locator(".poster-address").inner_text()
    token = re.search(r"/i/(\S+)", printed)
    assert token is not None

    # Three ask; two are let in, one is told why not.
    pages = [page_of(person) for person in people]
    for page, dish in zip(pages, ("Des crêpes", "Du couscous", "Une soupe"), strict=True):
        ask_to_join(page, dish)
    organiser.goto(f"{group.get_absolute_url()}/demandes")
    expect(organiser.locator("main")).to_contain_text("Du couscous")
    for name in ("Voisine 1", "Voisine 2"):
        request = organiser.locator("article", has_text=name)
        request.get_by_role("button", name="Accepter").click()
        expect(organiser.locator("main")).to_contain_text(f"{name} est maintenant membre")
    request = organiser.locator("article", has_text="Voisine 3")
    request.locator("summary").click()
    request.get_by_label("Pourquoi").fill(REASON)
    request.get_by_role("button", name="Refuser", exact=True).click()
    expect(organiser.locator("main")).to_contain_text("Votre réponse est partie")
    pages[2].goto(group.get_absolute_url())
    expect(pages[2].locator("main")).to_contain_text(REASON)
    pages[0].goto(group.get_absolute_url())
    expect(pages[0].locator("main")).to_contain_text("Vous êtes membre")

    # Found in the directory, read by its members alone.
    organiser.goto(group.get_absolute_url())
    organiser.get_by_label("Votre message").fill("Mercredi, on fait du far.")
    press(organiser, "Publier")
    pages[0].goto(group.get_absolute_url())
    expect(pages[0].locator("main")).to_contain_text("on fait du far")
    visitor = page_of()
    visitor.goto("/ruches?q=cuisine")
    visitor.get_by_role("link", name="Cuisine de Kérourien").click()
    expect(visitor.locator("main")).not_to_contain_text("on fait du far")

    # The poster's link: the rules again, then in.
    visitor.goto(f"/i/{token[1]}")
    expect(visitor.locator("main")).to_contain_text("Pour entrer, il faut un compte")
    invited = page_of(city.member)
    invited.goto(f"/i/{token[1]}")
    expect(invited.locator("main")).to_contain_text("On se lave les mains.")
    press(invited, "Entrer dans cette ruche")
    invited.get_by_label("J’ai lu les 2 règles").check()
    press(invited, "Entrer dans cette ruche")
    expect(invited.locator("main")).to_contain_text("Bienvenue")
    states = Membership.objects.filter(group=group).values_list("state", flat=True)
    assert sorted(states) == [MembershipState.MEMBER] * 4 + [MembershipState.REFUSED]
