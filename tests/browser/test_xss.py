"""
The corpus in every text that people write, and every page that shows it, in a real browser.

No script of theirs runs, nothing is asked of another machine, and the page holds
no element and no attribute that the house did not put there. Source: safety.md S-040.
"""

import os
from collections.abc import Sequence
from typing import TypeVar

import pytest
from django.core.cache import cache
from playwright.sync_api import Dialog, Page, Request

from accounts.models import Actor, ActorType, Follow
from accounts.models.follow import FollowState
from groups.actions.drafts import save_draft
from groups.actions.publications import edit_publication, publish_note
from groups.models import (
    Attachment,
    Group,
    GroupState,
    Level,
    Membership,
    MembershipState,
    Publication,
    Report,
    ReportReason,
    ReportTo,
)
from tests.people import acting_as
from tests.xss import MARKDOWN, PAYLOADS

# What a person may type into a field of that size; PostgreSQL takes no null character.
SHORT = [payload.replace("\x00", "") for payload in PAYLOADS if len(payload) <= 95]
LONG = [payload.replace("\x00", "") for payload in PAYLOADS + MARKDOWN]

# Feeds and lists show the whole corpus; pages of one thing are opened for some in the usual run.
STEP = 1 if os.environ.get("TESTS") == "full" else 9

Thing = TypeVar("Thing")


def some(things: Sequence[Thing]) -> Sequence[Thing]:
    return things[::STEP]


# Whatever a script of theirs would call, and every way of pointing elsewhere.
TRAP = """
window.ran = [];
for (const name of ["alert", "msgbox", "confirm", "prompt"])
    window[name] = (...said) => { window.ran.push(name + ":" + said); };
"""
STRANGE = """() => {
    const strange = [];
    const house = location.origin + "/";
    for (const element of document.querySelectorAll("*")) {
        const name = element.localName;
        if (["iframe", "object", "embed", "applet", "base", "style", "template", "math", "marquee",
             "video", "audio", "frame", "xss", "isindex", "noscript"].includes(name))
            strange.push(element.outerHTML.slice(0, 200));
        if (name === "script" && !element.src.startsWith(house + "static/"))
            strange.push(element.outerHTML.slice(0, 200));
        if (name === "form" && !element.action.startsWith(house))
            strange.push("form " + element.action);
        if (name === "img" && !element.src.startsWith(house + "m/"))
            strange.push("img " + element.src);
        if (name === "meta" && element.httpEquiv) strange.push("meta " + element.httpEquiv);
        for (const attribute of element.attributes) {
            if (/^on|^style$|^srcdoc$|^formaction$|^xlink:/.test(attribute.name)
                && !(attribute.name === "formaction" && attribute.value.startsWith("/")))
                strange.push(name + " " + attribute.name + "=" + attribute.value.slice(0, 80));
            if (["href", "src", "action", "data"].includes(attribute.name)
                && !/^(https?:\\/\\/|mailto:|tel:|\\/(?!\\/)|[#?]|$)/i.test(attribute.value))
                strange.push(name + " " + attribute.name + "=" + attribute.value.slice(0, 80));
        }
    }
    return [...strange, ...window.ran];
}"""


@pytest.fixture
def poisoned(city, settings):
    """Each text that somebody may write holds the corpus; returns the city."""
    settings.RUCHE_CEILINGS = False
    cache.clear()
    city.people, city.groups, city.notes = [], [], []
    for number, payload in enumerate(SHORT):
        actor = Actor.objects.create(
            type=ActorType.PERSON, handle=f"p{number}", name=payload, summary=payload
        )
        Membership.objects.create(actor=actor, group=city.garden, state=MembershipState.MEMBER)
        Membership.objects.create(
            actor=actor,
            group=city.shelter,
            state=MembershipState.ASKED,
            answers=[{"question": payload, "answer": payload}],
        )
        Follow.objects.create(follower=actor, target=city.organiser.actor, state=FollowState.ASKED)
        city.people.append(actor)
        Group.objects.create(
            actor=Actor.objects.create(
                type=ActorType.GROUP, handle=f"g{number}", name=payload, summary=payload
            ),
            state=GroupState.OPEN if number % 2 else GroupState.ASKED,
            asked_because=payload,
            rules=[payload],
            created_by=actor,
        )
    for number, payload in enumerate(LONG):
        note = publish_note(
            acting_as(city.organiser),
            group=city.garden,
            source=f"{payload}\n\n#mot {payload}",
            level=Level.PUBLIC,
        )
        Publication.objects.filter(pk=note.pk).update(author=city.people[number % len(SHORT)])
        Attachment.objects.create(
            owner=city.organiser.actor, publication=note, description=payload, width=480,
            height=320, widths=[480],
        )  # fmt: skip
        city.notes.append(note)
    return city


def strangers_met(page: Page, house: str, paths: Sequence[str]) -> list[str]:
    """Open each page; return what is there that the house did not put there."""
    strange: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(house):
            strange.append(request.url)

    def spoken(dialog: Dialog) -> None:
        strange.append(dialog.message)
        dialog.dismiss()

    page.add_init_script(TRAP)
    page.on("dialog", spoken)
    page.on("request", asked)
    for path in paths:
        response = page.goto(path)
        assert response is not None
        assert response.status == 200, path
        strange += [f"{path}: {words}" for words in page.evaluate(STRANGE)]
    return strange


@pytest.mark.slow
def test_no_payload_runs_where_people_read_and_write(poisoned, open_context, live_server):
    acting = acting_as(poisoned.organiser)
    all_of_it = "\n\n".join(LONG)[:4_900]
    own = publish_note(acting, group=poisoned.garden, source=all_of_it, level=Level.PUBLIC)
    edit_publication(acting, publication=own, source=all_of_it[::-1])
    save_draft(acting, place="g:jardin", source=all_of_it, level=5)
    picture = Attachment.objects.create(
        owner=poisoned.organiser.actor, description=" ".join(SHORT)[:1500], width=480, height=320,
        widths=[480],
    )  # fmt: skip
    oldest = [poisoned.notes[number].pk for number in range(0, len(LONG), 20)]
    lists = [
        "/", "/ville", "/g/jardin", *[f"/g/jardin?before={key}" for key in oldest],
        *[f"/ville?before={key}" for key in oldest], "/t/mot", "/ruches", "/ruches?q=alert",
        "/g/jardin/membres", "/g/refuge/demandes", "/moi/abonnes", "/moi/nouvelles", "/moi/ruches",
        "/moi/gardes", "/g/jardin/reglages", "/g/jardin/invitations", "/g/jardin/affiche",
    ]  # fmt: skip
    composers = [
        "/g/jardin/publier", f"/p/{own.pk}/modifier", f"/p/{own.pk}/versions",
        f"/p/{own.pk}/repondre", f"/p/{own.pk}/supprimer", "/moi/brouillons", "/moi/images",
        f"/moi/images/{picture.token}",
    ]  # fmt: skip
    own_pages = [
        *[f"/p/{note.pk}" for note in some(poisoned.notes)],
        *[f"/p/{note.pk}/repondre" for note in some(poisoned.notes)],
        *[f"/p/{note.pk}/signaler" for note in some(poisoned.notes)],
        *[f"/u/{actor.handle}" for actor in some(poisoned.people)],
        *[f"/g/g{number}" for number in some(range(1, len(SHORT), 2))],
    ]
    page = open_context(poisoned.organiser).new_page()

    assert strangers_met(page, live_server.url, [*lists, *composers, *own_pages]) == []


@pytest.mark.slow
def test_no_payload_runs_at_the_desk(poisoned, open_context, live_server):
    reports = [
        Report.objects.create(
            reporter=poisoned.people[number], target=poisoned.people[number - 1],
            publication=poisoned.notes[number], group=poisoned.garden, to=ReportTo.CITY,
            reason=ReportReason.OTHER, words=payload,
        )
        for number, payload in enumerate(SHORT)
    ]  # fmt: skip
    page = open_context(poisoned.administrator).new_page()
    asked = Group.objects.filter(state=GroupState.ASKED).values_list("actor__handle", flat=True)

    paths = [
        "/bureau", "/bureau/ruches", "/bureau/journal",
        *[f"/bureau/signalements/{report.pk}" for report in some(reports)],
        *[f"/bureau/ruches/{handle}" for handle in some(list(asked))],
    ]  # fmt: skip

    assert strangers_met(page, live_server.url, paths) == []
