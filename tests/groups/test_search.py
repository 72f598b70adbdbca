"""What a search gives to whom, and that the index follows what happens, at once."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.acting import Acting
from accounts.actions.accounts import edit_profile
from accounts.actions.follows import block
from accounts.limits import SEARCHES_PER_MINUTE
from accounts.models import Follow
from groups.actions.groups import archive_group, create_group, edit_group
from groups.actions.memberships import leave, remove_member
from groups.actions.places import add_place
from groups.actions.publications import (
    delete_publication,
    edit_publication,
    publish_note,
    restore_publication,
)
from groups.actions.reports import hide_publication
from groups.models import Audience, Level, Membership, Visibility
from groups.search import KINDS, LAST_PAGE, PAGE, Question, find, meant
from groups.visibility import messages_found_by, visible_to
from ruche.core.db import atomic
from ruche.core.limits import allow
from ruche.index.models import Document
from tests.groups.test_attendances import an_event
from tests.people import (
    a_client,
    a_group,
    a_membership,
    a_note,
    a_theme,
    a_user,
    acting_as,
    index_everything,
)

pytestmark = pytest.mark.django_db

HERE = "/recherche"


def found(text, user=None, kind="notes", **filters):
    question = Question.of(text, **filters)
    return [row.pk for row in find(acting_as(user), KINDS[kind], question).items]


def publish(user, group=None, source="La médiation numérique", level=Level.PUBLIC, **more):
    return publish_note(acting_as(user), group=group, source=source, level=level, **more)


def agree(user, name="", agrees=True):
    edit_profile(
        acting_as(user),
        name=name or user.actor.name,
        summary=user.actor.summary,
        discoverable=agrees,
        approves_followers=False,
    )


def page(query, user=None, status=200):
    response = a_client(user).get(HERE, query)
    assert response.status_code == status
    return html.unescape(response.content.decode())


# --- What is found -------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "mediations numeriques",
        "MÉDIATION NUMÉRIQUE",
        "numérique médiateur",
        "la numérique",
        "numér",
    ],
)
def test_french_is_found_with_and_without_accents(city, words):
    note = publish(city.member, source="Un atelier de médiation numérique, **jeudi**")
    publish(city.member, source="Un autre, de cuisine")

    assert found(words) == [note.pk]


def test_all_the_words_must_be_there(city):
    publish(city.member, source="La médiation du quartier")

    assert found("médiation numérique") == []
    assert found("zanzibar") == []
    assert found("") == []


def test_the_newest_message_comes_first_page_by_page_without_hole_or_double(city):
    notes = [publish(city.member, source=f"Repas {n}").pk for n in range(PAGE * 2 + 3)]
    question, seen, after = Question.of("repas"), [], None
    for _ in range(3):
        one = find(acting_as(None), KINDS["notes"], question, after=after)
        seen += [row.pk for row in one.items]
        after = one.more

    assert seen == notes[::-1]
    assert after is None


def test_a_group_that_is_named_so_comes_before_one_that_says_it(city):
    says = a_group("zele", "Ailleurs")
    edit_group(acting_as(_organiser(says)), group=says, summary="Un repas par mois")
    named = a_group("repas", "Repas de quartier")
    edit_group(acting_as(_organiser(named, "deux")), group=named, summary="Le dimanche")

    assert found("repas", kind="groups") == [named.pk, says.pk]


def _organiser(group, handle="une"):
    user = a_user(f"orga-{handle}")
    a_membership(user, group, role="organiser")
    return user


def test_filters_narrow_and_leave_out_the_kinds_that_lack_them(city):
    theme = a_theme("se-nourrir")
    city.garden.themes.add(theme)
    inside = publish(city.member, city.garden, "Repas de samedi")
    outside = publish(city.member, None, "Repas de dimanche")
    agree(city.member, "Jean Repas")
    week = timezone.now() - timedelta(days=7)
    old = publish_note(
        Acting.person(city.member, via="command"),
        group=city.garden,
        source="Repas d’hier",
        level=5,
        published=timezone.now() - timedelta(days=30),
    )

    assert found("repas") == [outside.pk, inside.pk, old.pk]
    assert found("repas", theme=theme) == [inside.pk, old.pk]
    assert found("repas", since=week) == [outside.pk, inside.pk]
    assert found("", theme=theme, since=week) == [inside.pk]
    assert found("repas", kind="people") == [city.member.actor.pk]
    assert found("repas", kind="people", theme=theme) == []


def test_a_group_a_quarter_and_dates_narrow_by_the_address(city):
    hall = add_place(
        acting_as(city.moderator), name="Salle du repas", address="Brest", quarter="Bellevue"
    )
    soon = an_event(city.organiser, city.garden, name="Repas proche", place=hall)
    far = timezone.now() + timedelta(days=40)
    later = an_event(
        city.organiser,
        city.garden,
        name="Repas lointain",
        starts_at=far,
        ends_at=far + timedelta(hours=1),
    )
    inside = publish(city.member, city.garden, "Repas dedans")
    outside = publish(city.member, None, "Repas dehors")
    week = timezone.now() + timedelta(days=7)

    assert found("repas", kind="events") == [later.pk, soon.pk]
    assert found("repas", kind="events", quarter="Bellevue") == [soon.pk]
    assert found("repas", kind="events", start=week) == [later.pk]
    assert found("repas", kind="events", end=week) == [soon.pk]
    assert found("repas", group=city.garden) == [inside.pk]
    assert found("repas", quarter="Bellevue") == []
    assert found("repas", kind="places", quarter="Bellevue") == [hall.pk]
    assert found("repas", kind="places", quarter="Europe") == []
    assert found("", kind="places", quarter="Bellevue") == [hall.pk]

    day = f"{week:%Y-%m-%d}"
    shown = page({"q": "repas", "du": day})
    assert "Repas lointain" in plain(shown)
    assert "Repas proche" not in plain(shown)
    assert f"/p/{outside.pk}" not in shown
    assert "Repas lointain" not in plain(page({"q": "repas", "au": day, "quoi": "rendez-vous"}))
    shown = page({"q": "repas", "ruche": "jardin"})
    assert f"/p/{inside.pk}" in shown
    assert f"/p/{outside.pk}" not in shown
    assert 'href="?q=repas&ruche=jardin&quoi=messages"' in shown
    assert '<input type="hidden" name="ruche" value="jardin">' in shown
    # What cannot be read counts as not asked.
    odd = {"q": "repas", "ruche": "nulle", "du": "hier", "au": "9999-12-31", "quartier": "x"}
    assert f"/p/{outside.pk}" in page(odd)


def plain(shown):
    return shown.replace("<mark>", "").replace("</mark>", "")


def test_a_hidden_group_narrows_nothing(city):
    hidden = a_group("cachee", "Cachée", visibility=Visibility.HIDDEN)
    a_membership(city.member, hidden)
    publish(city.member, None, "Repas")

    for user in (None, city.resident, city.member):
        there, absent = (page({"q": "repas", "ruche": f"{c}achee"}, user) for c in "cx")
        assert essence(there, "cachee") == essence(absent, "xachee")


# --- Places ----------------------------------------------------------------------


def test_places_are_found_by_name_address_and_quarter(city):
    hall = add_place(
        acting_as(city.moderator),
        name="Patronage laïque",
        address="9 rue du Port",
        quarter="Saint-Marc",
    )
    for words in ("patronage laique", "rue du port", "saint marc", "patron"):
        assert found(words, kind="places") == [hall.pk]
    assert meant(acting_as(None), Question.of("patronnage")) == ("Patronage",)

    assert f'href="/l/{hall.number}"' in page({"q": "patronage", "quoi": "lieux"})


def test_a_home_is_found_by_those_who_find_what_happens_there(city):
    closed = a_group("protegee", visibility=Visibility.CLOSED)
    a_membership(city.organiser, closed, role="organiser")
    a_membership(city.member, closed)
    home = add_place(acting_as(city.organiser), name="Chez Anne", address="Impasse X")
    sheltered = add_place(acting_as(city.organiser), name="Abri secret", address="Impasse Y")
    assert found("anne", city.organiser, "places") == []
    an_event(city.organiser, closed, level=Level.MEMBERS, place=home)
    an_event(city.organiser, city.shelter, level=Level.MEMBERS, place=sheltered)

    for user in (None, city.resident, city.moderator):
        assert found("anne", user, "places") == []
        assert meant(acting_as(user), Question.of("annne")) == ()
    assert found("anne", city.member, "places") == [home.pk]
    # Of a sensitive group nothing is found, by nobody.
    assert found("abri", city.member, "places") == []


def test_names_are_paged_within_bounds(city):
    for number in range(PAGE + 2):
        a_group(f"repas-{number}", f"Repas {number:02}")
    index_everything()
    first = find(acting_as(None), KINDS["groups"], Question.of("repas"))
    second = find(acting_as(None), KINDS["groups"], Question.of("repas"), after=first.more)
    beyond = find(acting_as(None), KINDS["groups"], Question.of("repas"), after=LAST_PAGE * 9)

    names = [group.name for group in [*first.items, *second.items]]
    assert names == [f"Repas {number:02}" for number in range(PAGE + 2)]
    assert second.more is None
    assert beyond.items == []


# --- Who finds what: the column "search" of decisions.md ------------------------


def test_each_level_is_found_by_its_readers_and_drafts_by_nobody(city):
    everybody = (None, city.resident, city.member, city.organiser)
    finders = {
        Level.PUBLIC: set(everybody),
        Level.PARTNERS: set(everybody) - {None},
        Level.CITY: set(everybody) - {None},
        Level.MEMBERS: {city.member, city.organiser},
        Level.ORGANISERS: set(),
        Level.DRAFT: set(),
    }
    for level, allowed in finders.items():
        note = a_note(city.member, city.garden, source=f"niveau{level:d}x", level=level)
        Audience.objects.create(publication=note, actor=city.resident.actor)
        index_everything()

        assert {user for user in everybody if found(f"niveau{level:d}x", user)} == allowed


def test_a_closed_group_is_found_by_all_and_read_by_members(city):
    closed = a_group("protegee", "Ruche protégée", visibility=Visibility.CLOSED)
    a_membership(city.member, closed)
    note = publish(city.member, closed, "Un potager", Level.MEMBERS)
    index_everything()

    assert found("protégée", None, "groups") == [closed.pk]
    assert found("potager", city.member) == [note.pk]
    assert [found("potager", user) for user in (None, city.resident, city.moderator)] == [[]] * 3


def test_a_hidden_group_is_in_no_list_and_its_words_found_by_members(city):
    hidden = a_group("cachee", "Ruche cachée", visibility=Visibility.HIDDEN)
    a_membership(city.member, hidden)
    note = publish(city.member, hidden, "Un potager", Level.MEMBERS)
    index_everything()

    for user in (None, city.resident, city.member, city.moderator):
        assert found("cachée", user, "groups") == []
        assert meant(acting_as(user), Question.of("cachée")) == ()
        assert meant(acting_as(user), Question.of("cachhee")) == ()
    assert found("potager", city.member) == [note.pk]
    assert found("potager", city.moderator) == []


def test_a_sensitive_group_is_in_no_search_not_even_its_members(city):
    publish(city.member, city.shelter, "Un potager", Level.MEMBERS)
    a_note(city.member, city.shelter, source="Un potager")
    index_everything()
    Document.objects.create(kind="groups", object_key=city.shelter.pk, words="refuge potager")

    assert visible_to(acting_as(city.member)).filter(group=city.shelter).count() == 2
    assert found("potager", city.member) == []
    assert found("refuge", city.organiser, "groups") == []


def test_even_an_index_that_lags_behind_gives_nothing_away(city):
    """The query asks who may see; what stands in the index decides nothing."""
    closed = a_group("protegee", visibility=Visibility.CLOSED)
    secret = a_note(city.organiser, closed, source="secret")
    person = a_user("discrete", "Discrète")
    hidden = a_group("cachee", visibility=Visibility.HIDDEN)
    a_membership(city.resident, hidden)
    documents = (("notes", secret.pk), ("people", person.actor.pk), ("groups", hidden.pk))
    for kind, key in documents:
        Document.objects.create(kind=kind, object_key=key, words="secret", near="secret")

    assert found("secret", city.resident) == []
    assert found("secret", city.resident, "people") == []
    assert found("secret", city.resident, "groups") == []


def test_what_is_discreet_is_in_no_list(city):
    publish(city.member, None, "Un potager", discreet=True)

    assert found("potager", city.member) == []


def test_followers_find_what_is_said_to_them(city):
    note = publish(city.member, None, "Un potager", Level.MEMBERS)
    Follow.objects.create(follower=city.resident.actor, target=city.member.actor, state="accepted")

    assert found("potager", city.resident) == [note.pk]
    assert found("potager", city.organiser) == []


def test_only_people_who_agreed_are_found(city):
    assert found("membre", city.resident, "people") == []
    assert meant(acting_as(city.resident), Question.of("memmbre")) == ()
    agree(city.member)
    assert found("membre", None, "people") == [city.member.actor.pk]
    agree(city.member, agrees=False)
    assert found("membre", None, "people") == []


def test_who_blocks_the_reader_is_not_found_nor_what_they_say(city):
    agree(city.member)
    publish(city.member, None, "Un potager")
    block(acting_as(city.member), target=city.resident.actor)

    assert found("membre", city.resident, "people") == []
    assert found("potager", city.resident) == []
    assert found("potager", city.organiser) != []


def test_a_suspended_person_is_gone_from_search_with_their_words(city):
    agree(city.member)
    publish(city.member, None, "Un potager")
    city.member.actor.suspended_at = timezone.now()
    city.member.actor.save()

    assert found("membre", city.resident, "people") == []
    assert found("potager", city.resident) == []


def test_what_may_be_found_may_be_seen(city):
    for level in range(6):
        for group in (city.garden, city.shelter, None):
            a_note(city.member, group, level=level)

    for user in (None, city.resident, city.member, city.organiser, city.moderator):
        acting = acting_as(user)
        seen = set(visible_to(acting).values_list("pk", flat=True))
        assert set(messages_found_by(acting).values_list("pk", flat=True)) <= seen


# --- The index follows ------------------------------------------------------------


def test_new_words_replace_the_old_ones(city):
    note = publish(city.member, None, "Un potager")
    edit_publication(acting_as(city.member), publication=note, source="Une cuisine")

    assert found("potager") == []
    assert found("cuisine") == [note.pk]


def test_what_is_taken_back_is_gone_and_comes_back(city):
    note = publish(city.member, None, "Un potager")
    delete_publication(acting_as(city.member), publication=note)
    assert found("potager", city.member) == []
    assert not Document.objects.filter(kind="notes").exists()

    restore_publication(acting_as(city.member), publication=note)
    assert found("potager") == [note.pk]


def test_what_is_hidden_is_gone(city):
    note = publish(city.member, city.garden, "Un potager")
    hide_publication(acting_as(city.organiser), publication=note, reason="Hors sujet")

    assert [found("potager", user) for user in (None, city.member, city.organiser)] == [[]] * 3


def test_what_is_narrowed_is_gone_for_those_who_lose_it(city):
    note = publish(city.member, city.garden, "Un potager")
    answer = publish(city.organiser, None, "Le potager, oui", in_reply_to=note)
    assert found("potager") == [answer.pk, note.pk]

    edit_publication(
        acting_as(city.member), publication=note, source="Un potager", level=Level.MEMBERS
    )
    assert found("potager", city.resident) == []
    assert found("potager", city.organiser) == [answer.pk, note.pk]


def test_a_group_that_closes_takes_its_words_along(city):
    note = publish(city.member, city.garden, "Un potager")
    organiser = acting_as(city.organiser)
    edit_group(organiser, group=city.garden, visibility=Visibility.CLOSED)
    assert found("potager", city.resident) == []
    assert found("potager", city.member) == [note.pk]

    edit_group(organiser, group=city.garden, sensitive=True)
    assert found("potager", city.member) == []
    assert found("jardin", city.member, "groups") == []


def test_who_leaves_or_is_put_out_finds_nothing_of_the_inside(city):
    closed = a_group("protegee", visibility=Visibility.CLOSED)
    a_membership(city.organiser, closed, role="organiser")
    publish(city.organiser, closed, "Un potager", Level.MEMBERS)
    for user in (city.member, city.resident):
        a_membership(user, closed)
        assert found("potager", user) != []

    leave(acting_as(city.member), group=closed)
    remove_member(
        acting_as(city.organiser),
        membership=Membership.objects.get(actor=city.resident.actor, group=closed),
        reason="Parti",
    )
    assert [found("potager", user) for user in (city.member, city.resident)] == [[], []]


def test_a_new_name_is_found_and_the_old_one_no_more(city):
    edit_group(acting_as(city.organiser), group=city.garden, name="Verger")
    assert found("partagé", kind="groups") == []
    assert found("verger", kind="groups") == [city.garden.pk]

    agree(city.member, "Ancien Nom")
    agree(city.member, "Nouveau Prénom")
    assert found("ancien", kind="people") == []
    assert found("prénom", kind="people") == [city.member.actor.pk]


def test_a_new_group_is_found_once_it_is_open_and_stays_when_archived(city, settings):
    settings.RUCHE_GROUP_CREATION = "ask"
    asked = create_group(acting_as(city.resident), name="Potager d’en bas")
    assert found("potager", city.resident, "groups") == []

    settings.RUCHE_GROUP_CREATION = "open"
    opened = create_group(acting_as(city.resident), name="Potager d’en haut")
    assert found("potager", None, "groups") == [opened.pk]
    archive_group(acting_as(city.resident), group=opened)
    assert found("potager", None, "groups") == [opened.pk]
    assert asked.pk != opened.pk


def test_what_is_not_committed_is_not_indexed(city):
    with pytest.raises(ZeroDivisionError), atomic():
        publish(city.member, None, "Un potager")
        raise ZeroDivisionError

    assert not Document.objects.filter(kind="notes").exists()


# --- Typing errors in names ---------------------------------------------------------


def test_a_name_typed_wrong_proposes_the_right_one(city):
    a_group("bellevue", "Les voisins de Bellevue")
    index_everything()
    agree(city.member, "Gwenaëlle Le Goff")

    assert meant(acting_as(None), Question.of("voisins Belvue")) == ("voisins", "Bellevue")
    assert meant(acting_as(None), Question.of("gwennaele")) == ("Gwenaëlle",)
    assert meant(acting_as(None), Question.of("zanzibar")) == ()

    shown = page({"q": "Belvue"})
    assert "Vouliez-vous dire" in shown
    link = re.search(r'Vouliez-vous dire <a href="(\?[^"]*)">Bellevue</a>', shown)
    assert link is not None
    assert "Les voisins de <mark>Bellevue</mark>" in a_client().get(HERE + link[1]).content.decode()


# --- The page -----------------------------------------------------------------------


def test_the_page_shows_each_kind_with_the_words_marked(city):
    agree(city.member, "Jeanne Potager")
    note = publish(city.member, city.garden, "Un <b>potager</b> & des *potagers*")
    edit_group(acting_as(city.organiser), group=city.garden, name="Le potager")

    shown = a_client().get(HERE, {"q": "potagers"}).content.decode()
    assert "<mark>potager</mark>" in shown
    assert "<mark>potagers</mark>" in shown
    assert "Jeanne <mark>Potager</mark>" in shown
    assert f'href="/p/{note.pk}"' in shown
    assert "&amp; des" in shown
    assert "<b>" not in shown.partition("<main")[2].partition("</main>")[0]


def test_names_and_words_from_people_stay_words(city):
    agree(city.member, "<img src=x onerror=alert(1)> potager")
    publish(city.member, None, "&lt;script&gt;potager&lt;/script&gt;")

    shown = a_client().get(HERE, {"q": '"><script>potager'}).content.decode()
    inside = shown.partition("<main")[2].partition("</main>")[0]
    assert "<mark>potager</mark>" in inside
    assert "<script" not in inside
    assert "<img" not in inside


@pytest.mark.parametrize("kind", ["", "ruches", "messages", "personnes", "rien"])
@pytest.mark.parametrize(
    "text",
    [
        *('"', "' OR 1=1 --", 'a" OR "b', "NEAR(a b)", "words:x", "a*", "-x", "^x", "x & !y | (z"),
        *("\\", "a\0b", "%", "😀", "²½ 中文 Ελλάδα", "x" * 5000, "mot " * 200, "{words} : x"),
        "a:*'b",
    ],
)
def test_signs_of_the_engines_languages_are_words_like_others(city, text, kind):
    publish(city.member, None, "x y z a b words name near")

    asked = {"q": text, "quoi": kind, "apres": "x", "theme": "aucun", "depuis": "jamais"}
    assert a_client(city.member).get(HERE, asked).status_code == 200


@pytest.mark.parametrize("after", ["0", "1", "9" * 18, "9" * 30, "-1", "²", ""])
def test_any_page_may_be_asked_for(city, after):
    publish(city.member, None, "potager")
    for kind in ("messages", "ruches", "personnes", "rendez-vous", "lieux"):
        asked = {"q": "potager", "quoi": kind, "apres": after}
        assert a_client().get(HERE, asked).status_code == 200


def test_links_lead_to_the_rest_and_keep_the_filters(city):
    for number in range(PAGE + 1):
        publish(city.member, city.garden, f"Repas {number}")

    shown = page({"q": "repas", "depuis": "an"})
    assert '<a class="button" href="?q=repas&depuis=an&quoi=messages">' in shown
    shown = page({"q": "repas", "depuis": "an", "quoi": "messages"})
    following = re.search(r'href="\?(q=repas&depuis=an&quoi=messages&apres=\d+)" rel="next"', shown)
    assert following is not None
    rest = a_client().get(f"{HERE}?{following[1]}").content.decode()
    assert rest.count('<article class="message"') == 1


def test_nothing_found_proposes_something_and_says_no_number(city):
    assert "Se connecter" in page({"q": "zanzibar"})
    assert "Chercher partout" in page({"q": "zanzibar", "quoi": "ruches"}, city.resident)
    shown = page({"q": "zanzibar"}, city.resident)
    assert "Voir toutes les ruches" in shown
    publish(city.member, None, "zanzibar")
    shown = page({"q": "zanzibar"}, city.resident).partition("<main")[2].partition("</main")[0]
    assert not re.search(r"\b\d+ (résultat|message|trouvé)", shown)


def test_a_visitor_gets_a_page_like_any_other(city):
    response = a_client().get(HERE, {"q": "jardin"})

    assert not response.cookies
    assert response["Cache-Control"] == "private, no-cache"
    assert 'method="post"' not in response.content.decode().lower()
    assert 'name="robots" content="noindex"' in response.content.decode()
    assert 'href="/recherche"' in a_client().get("/").content.decode()


def test_a_machine_that_searches_without_end_is_told_to_wait(city):
    for _ in range(SEARCHES_PER_MINUTE + 1):
        allow("search:192.0.2.77", limit=SEARCHES_PER_MINUTE, per_s=60)

    there = Client(REMOTE_ADDR="192.0.2.77")
    response = there.get(HERE, {"q": "jardin"})
    assert response.status_code == 429
    assert response["Retry-After"] == "60"
    assert there.get(HERE).status_code == 200
    there.force_login(city.member)
    assert there.get(HERE, {"q": "jardin"}).status_code == 200
    assert a_client().get(HERE, {"q": "jardin"}).status_code == 200


def test_what_one_may_not_see_answers_like_what_is_not(city):
    hidden = a_group("cachee", "Zanzibarre", visibility=Visibility.HIDDEN)
    a_membership(city.member, hidden)
    publish(city.member, hidden, "zanzibarre", Level.MEMBERS)
    index_everything()

    for kind in ("", "ruches", "messages", "personnes"):
        for user in (None, city.resident, city.moderator):
            there = page({"q": "zanzibarre", "quoi": kind}, user)
            absent = page({"q": "xanzibarre", "quoi": kind}, user)
            assert essence(there, "zanzibarre") == essence(absent, "xanzibarre")
    there, absent = (page({"q": f"{letter}anzibarre"}, city.member) for letter in "zx")
    assert essence(there, "zanzibarre") != essence(absent, "xanzibarre")


def essence(shown, word):
    """A page without the word that was asked for, nor what guards its forms."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", shown).replace(word, "X")


@pytest.mark.parametrize("words", ["repas", "repa", "rpeas"])
def test_queries_are_few_and_do_not_grow_with_what_is_found(city, words):
    client = a_client(city.resident)

    def queries():
        with CaptureQueriesContext(connection) as asked:
            assert client.get(HERE, {"q": words}).status_code == 200
        index = [each for each in asked if "index_document" in each["sql"]]
        assert len(index) <= 3 * len(KINDS)
        return len(asked)

    def more(start):
        for number in range(start, start + 3):
            publish(city.member, city.garden, f"Repas {number}")
            agree(a_user(f"personne-{number}"), f"Personne Repas {number}")
            a_group(f"repas-{number}", f"Repas {number}")
        index_everything()

    more(0)
    queries()  # The first page of a session asks more.
    before = queries()
    more(10)
    assert queries() == before
