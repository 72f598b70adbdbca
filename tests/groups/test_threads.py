"""One publication's page: who finds it, the way to it, its answers, its versions; and writing."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Block
from groups.actions.publications import (
    delete_publication,
    edit_publication,
    publish_note,
)
from groups.models import Draft, GroupState, Publication
from ruche.journal.models import Entry
from tests.extent import drawn
from tests.people import a_client, a_note, a_user, acting_as
from tests.xss import MARKDOWN, PAYLOADS, assert_inert

pytestmark = pytest.mark.django_db


def found_in(pattern, response):
    found = re.search(pattern, response.content.decode())
    assert found is not None
    return found[1].replace("&amp;", "&")


def keys_on(response):
    return [int(key) for key in re.findall(r'id="publication-(\d+)"', response.content.decode())]


def reply(user, parent, source="Oui", level=5):
    return publish_note(acting_as(user), group=None, in_reply_to=parent, source=source, level=level)


@pytest.fixture
def thread(city):
    """A beginning, an answer, an answer to it; and a neighbour that answers the beginning."""
    city.root = publish_note(
        acting_as(city.member), group=city.garden, source="Qui vient samedi ?", level=5
    )
    city.answer = reply(city.resident, city.root, "Moi, à dix heures")
    city.deeper = reply(city.organiser, city.answer, "Prenez des bottes")
    city.neighbour = reply(city.organiser, city.root, "Moi aussi")
    return city


# --- Who finds it --------------------------------------------------------------------------

ONCE = r'name="once" value="([^"]+)"'
PAGES = ["", "/versions", "/repondre", "/modifier"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("who", [None, "resident", "asker", "former", "banned", "moderator"])
def test_a_protected_groups_note_is_as_absent_as_one_that_never_was(city, who, page):
    note = a_note(city.member, city.shelter, source="Canari")
    browser = a_client(getattr(city, who) if who else None)

    forbidden = browser.get(f"/p/{note.pk}{page}")
    absent = browser.get(f"/p/1{page}")

    assert (forbidden.status_code, absent.status_code) == (404, 404)
    assert forbidden.content == absent.content


def test_what_was_deleted_or_hidden_is_found_by_nobody(city):
    for gone in ("deleted_at", "hidden_at"):
        note = a_note(city.member, city.garden, **{gone: timezone.now()})
        for user in (None, city.resident, city.member, city.organiser):
            for page in PAGES:
                assert a_client(user).get(f"/p/{note.pk}{page}").status_code == 404


def test_a_key_too_long_for_a_database_is_absent(city):
    for key in (2**63, 10**40):
        assert a_client(city.member).get(f"/p/{key}").status_code == 404


# --- The thread ----------------------------------------------------------------------------


def test_a_thread_shows_its_answers_in_order_and_names_whom_they_answer(thread):
    response = a_client().get(f"/p/{thread.root.pk}")

    order = [thread.root, thread.answer, thread.deeper, thread.neighbour]
    assert keys_on(response) == [note.pk for note in order]
    assert "répond à Habitante" in response.content.decode()
    assert response.content.decode().count("répond à") == 1


def test_an_answer_is_opened_with_the_way_to_it_and_what_answers_it(thread):
    response = a_client(thread.member).get(f"/p/{thread.deeper.pk}")

    order = [thread.root, thread.answer, thread.deeper]
    assert keys_on(response) == [note.pk for note in order]


@pytest.mark.parametrize("gone", ["deleted_at", "hidden_at"])
def test_what_is_gone_leaves_a_place_without_a_word_of_it(thread, gone):
    Publication.objects.filter(pk=thread.root.pk).update(**{gone: timezone.now()})
    Publication.objects.filter(pk=thread.answer.pk).update(**{gone: timezone.now()})

    response = a_client().get(f"/p/{thread.deeper.pk}")
    text = response.content.decode()

    assert keys_on(response) == [thread.deeper.pk]
    assert text.count('class="message-by gone"') == 2
    for secret in ("samedi", "dix heures", "Habitante", str(thread.answer.pk)):
        assert secret not in text


def test_whom_a_visible_answer_answers_is_not_named_once_that_is_gone(thread):
    delete_publication(acting_as(thread.resident), publication=thread.answer)

    text = a_client().get(f"/p/{thread.root.pk}").content.decode()

    assert "répond à un message retiré" in text
    assert "Habitante" not in text


def test_who_blocks_the_reader_is_not_named_on_the_way(thread):
    Block.objects.create(actor=thread.resident.actor, target=thread.member.actor)

    text = a_client(thread.member).get(f"/p/{thread.deeper.pk}").content.decode()

    assert "Habitante" not in text
    assert "dix heures" not in text


def test_an_answer_for_members_is_neither_shown_nor_counted_outside(thread):
    reply(thread.organiser, thread.root, "Entre nous", level=2)

    outside = a_client(thread.resident).get("/ville").content.decode()
    inside = a_client(thread.member).get("/ville").content.decode()

    assert re.search(r"Répondre 3\b", outside)
    assert re.search(r"Répondre 4\b", inside)
    assert "Entre nous" not in a_client().get(f"/p/{thread.root.pk}").content.decode()


def test_more_than_a_hundred_answers_are_read_page_by_page(city, django_assert_max_num_queries):
    root = a_note(city.member, city.garden)
    browser = a_client(city.member)
    a_note(city.organiser, city.garden, in_reply_to=root, root=root)
    with django_assert_max_num_queries(40) as few:
        browser.get(f"/p/{root.pk}")
    number = len(few.captured_queries)
    parent = root
    for n in range(120):
        author = a_user(f"voisin{n}") if n % 10 == 0 else city.organiser
        parent = a_note(author, city.garden, in_reply_to=parent, root=root)

    with django_assert_max_num_queries(number + 1):
        first = browser.get(f"/p/{root.pk}")
    url = found_in(r'href="(\?apres=\d+)"', first)
    second = browser.get(f"/p/{root.pk}{url}")

    assert len(keys_on(first)) == 101
    assert len(set(keys_on(first) + keys_on(second))) == 122
    with django_assert_max_num_queries(number + 2):
        deepest = browser.get(f"/p/{parent.pk}")
    assert len(keys_on(deepest)) == 21


def test_only_who_may_answer_gets_a_composer(thread):
    composer = "data-composer"

    assert composer in a_client(thread.resident).get(f"/p/{thread.root.pk}").content.decode()
    assert composer not in a_client().get(f"/p/{thread.root.pk}").content.decode()
    thread.garden.state = GroupState.ARCHIVED
    thread.garden.save()
    archived = a_client(thread.member).get(f"/p/{thread.root.pk}").content.decode()
    assert composer not in archived
    assert "archivée" in archived


# --- Versions ------------------------------------------------------------------------------


def test_versions_are_read_by_who_reads_the_note(thread):
    acting = acting_as(thread.member)
    edit_publication(acting, publication=thread.root, source="Qui vient dimanche ?")

    text = a_client().get(f"/p/{thread.root.pk}/versions").content.decode()

    assert "samedi" in text
    assert "dimanche" in text
    assert "modifié" in a_client().get(f"/p/{thread.root.pk}").content.decode()
    edit_publication(acting, publication=thread.root, source="Qui ?", level=2)
    assert a_client().get(f"/p/{thread.root.pk}/versions").status_code == 404


# --- Writing, through the page ---------------------------------------------------------------


def test_writing_in_a_group_leads_back_to_it_with_an_undo(city):
    response = a_client(city.member).post(
        "/g/Jardin/publier", {"source": "Bonjour", "level": "2"}, follow=True
    )

    note = Publication.objects.get()
    assert response.redirect_chain == [(f"/g/jardin#publication-{note.pk}", 302)]
    assert f'action="/p/{note.pk}/supprimer"' in response.content.decode()


@pytest.mark.parametrize("source", ["", "  ", "a" * 5001])
def test_what_cannot_be_published_comes_back_as_it_was_typed(city, source):
    response = a_client(city.member).post("/g/jardin/publier", {"source": source, "level": "3"})

    assert response.status_code == 422
    assert source in response.content.decode()
    assert 'value="3" checked' in response.content.decode()
    assert not Publication.objects.exists()


def test_going_further_than_usual_is_asked_once(city):
    browser = a_client(city.member)
    sent = {"source": "Bonjour *à tous*", "level": "5", "once": "x"}

    asked = browser.post("/publier", sent)

    assert asked.status_code == 200
    assert "<em>à tous</em>" in asked.content.decode()
    assert not Publication.objects.exists()
    assert Draft.objects.get().source == "Bonjour *à tous*"
    browser.post("/publier", {**sent, "confirmed": "1"})
    assert Publication.objects.get().level == 5
    assert not Draft.objects.exists()
    # From now on this is usual here.
    browser.post("/publier", {**sent, "once": "y"})
    assert Publication.objects.count() == 2


def test_widening_what_was_published_is_asked_too(city):
    note = a_note(city.member, city.garden, level=2)
    browser = a_client(city.member)
    sent = {"source": "Bonjour", "level": "5"}

    assert browser.post(f"/p/{note.pk}/modifier", sent).status_code == 200
    assert Publication.objects.get().level == 2
    browser.post(f"/p/{note.pk}/modifier", {**sent, "confirmed": "1"})
    assert Publication.objects.get().level == 5


def test_a_double_click_is_one_note(city):
    browser = a_client(city.member)
    once = found_in(ONCE, browser.get("/g/jardin/publier"))
    sent = {"source": "Bonjour", "level": "2", "once": once}

    first, second = (browser.post("/g/jardin/publier", sent) for _ in range(2))

    assert first["Location"] == second["Location"]
    assert Publication.objects.count() == 1


@pytest.mark.parametrize(("place", "path"), [("g:jardin", "/g/jardin/publier"), ("me", "/publier")])
def test_words_sent_after_the_session_ended_wait_for_their_author_alone(city, place, path):
    once = found_in(ONCE, a_client(city.member).get(path))

    response = a_client().post(path, {"source": "Mes mots", "once": once, "place": place})

    assert response.status_code == 403
    assert "Mes mots" in response.content.decode()
    assert not response.cookies
    assert not Publication.objects.exists()
    draft = Draft.objects.get()
    assert (draft.actor, draft.place, draft.source) == (city.member.actor, place, "Mes mots")
    assert "Mes mots" in a_client(city.member).get(path).content.decode()
    assert "Mes mots" not in a_client(city.organiser).get(path).content.decode()


@pytest.mark.parametrize("once", ["", "x", "WzEsIngiXQ:1tT:abc"])
def test_words_without_a_true_token_are_shown_and_kept_for_nobody(city, once):
    response = a_client().post("/publier", {"source": "Mes mots", "once": once, "place": "me"})

    assert response.status_code == 403
    assert "Mes mots" in response.content.decode()
    assert not Draft.objects.exists()


def test_words_in_a_form_that_is_too_old_are_not_lost(city):
    once = found_in(ONCE, a_client(city.member).get("/publier"))
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(city.member)

    response = strict.post("/publier", {"source": "Mes mots", "once": once, "place": "me"})

    assert response.status_code == 403
    assert "Mes mots" in response.content.decode()
    assert Draft.objects.get().source == "Mes mots"
    assert not Publication.objects.exists()


def test_another_persons_token_counts_for_nothing(city):
    once = found_in(ONCE, a_client(city.organiser).get("/publier"))

    page = a_client(city.member).post("/publier", {"source": "", "once": once}).content.decode()

    assert once not in page


def test_taking_back_offers_to_put_back(thread):
    browser = a_client(thread.member)

    asked = browser.get(f"/p/{thread.root.pk}/supprimer")
    assert asked.status_code == 200
    done = browser.post(f"/p/{thread.root.pk}/supprimer", follow=True)
    assert f'action="/p/{thread.root.pk}/retablir"' in done.content.decode()
    back = browser.post(f"/p/{thread.root.pk}/retablir", follow=True)

    assert back.status_code == 200
    assert Publication.objects.get(pk=thread.root.pk).deleted_at is None


@pytest.mark.parametrize("what", ["supprimer", "epingler", "modifier"])
def test_what_one_sees_but_may_not_do_is_forbidden(thread, what):
    written = Entry.objects.count()

    response = a_client(thread.resident).post(f"/p/{thread.root.pk}/{what}", {"source": "x"})

    assert response.status_code == 403
    assert Entry.objects.count() == written


@pytest.mark.parametrize("what", ["merci", "garder", "epingler", "supprimer", "retablir"])
def test_without_an_account_a_button_leads_to_the_door(thread, what):
    response = a_client().post(f"/p/{thread.root.pk}/{what}")

    assert response.status_code == 302
    assert response["Location"].startswith("/connexion")


@pytest.mark.parametrize("what", ["merci", "garder", "epingler", "retablir"])
def test_reading_an_address_that_acts_does_nothing(thread, what):
    assert a_client(thread.member).get(f"/p/{thread.root.pk}/{what}").status_code == 405


@pytest.mark.parametrize("where", ["https://trap.example/", "//trap.example", "javascript:x", ""])
def test_a_button_never_leads_elsewhere(thread, where):
    response = a_client(thread.member).post(f"/p/{thread.root.pk}/merci", {"next": where})

    assert response["Location"] == f"/p/{thread.root.pk}#publication-{thread.root.pk}"


def test_merci_says_whether_it_is_pressed(thread):
    browser = a_client(thread.resident)
    path = f"/p/{thread.root.pk}"

    for on, pressed in (("1", "true"), ("1", "true"), ("0", "false"), ("0", "false")):
        page = browser.post(f"{path}/merci", {"on": on, "next": path}, follow=True)
        assert found_in(r'aria-pressed="(\w+)">[^<]*<svg', page) == pressed


class Running(HTMLParser):
    """What could run on a page: handlers, scripts that are not our files, addresses that act."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "script" and not (values.get("src") or "").startswith("/static/"):
            self.found.append(tag)
        self.found += [name for name in values if name.startswith("on") or name == "srcdoc"]
        for name in ("href", "src", "action", "formaction"):
            if re.match(r"\s*(javascript|data|vbscript):", values.get(name) or "", re.I):
                self.found.append(name)


def test_no_text_runs_on_any_page_that_shows_it(city, settings):
    settings.RUCHE_CEILINGS = False
    browser = a_client(city.member)
    notes = [
        publish_note(acting_as(city.member), group=city.garden, source=payload, level=5)
        for payload in [*PAYLOADS, *MARKDOWN]
    ]
    pages = [f"/ville?avant={note.pk + 1}" for note in [*notes[19::20], notes[-1]]]
    pages += [f"/p/{note.pk}/modifier" for note in drawn(notes, 10)]
    pages += [f"/p/{notes[0].pk}", f"/p/{notes[0].pk}/repondre"]

    bodies = 0
    for path in pages:
        text = browser.get(path).content.decode()
        for body in re.findall(r'<div class="message-body"[^>]*>(.*?)</div>', text, re.S):
            assert_inert(body)
            bodies += 1
        assert Running(text).found == [], path
    assert bodies >= len(notes)


# --- Versions: no further than they went -------------------------------------------


def test_what_was_said_to_fewer_people_is_not_in_the_versions_that_more_people_read(city):
    note = publish_note(
        acting_as(city.member), group=city.garden, source="Chez Rozenn, 3 rue X", level=2
    )
    edit_publication(
        acting_as(city.member), publication=note, source="Chez une voisine, rue X", level=3
    )
    edit_publication(acting_as(city.member), publication=note, source="Chez une voisine", level=5)

    for reader in (None, city.resident, city.organiser):
        page = a_client(reader).get(f"/p/{note.pk}/versions")

        assert "Chez une voisine" in page.content.decode()
        assert "Rozenn" not in page.content.decode()
        assert "rue X" not in page.content.decode()
    mine = a_client(city.member).get(f"/p/{note.pk}/versions").content.decode()
    assert "Rozenn" in mine
    assert "voisine, rue X" in mine


def test_versions_that_went_as_far_are_read_by_all_who_read_it_now(city):
    note = publish_note(acting_as(city.member), group=city.garden, source="Samedi", level=5)
    edit_publication(acting_as(city.member), publication=note, source="Dimanche")

    page = a_client(None).get(f"/p/{note.pk}/versions").content.decode()

    assert "Samedi" in page


def test_who_is_named_later_does_not_read_what_was_said_to_others(city):
    note = publish_note(acting_as(city.member), group=None, source="@habitante, un secret", level=1)
    edit_publication(acting_as(city.member), publication=note, source="@animatrice, bonjour")

    page = a_client(city.organiser).get(f"/p/{note.pk}/versions").content.decode()

    assert "bonjour" in page
    assert "secret" not in page
