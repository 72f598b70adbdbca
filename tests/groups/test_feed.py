"""What each feed lists for each reader, its pages, and where one had stopped reading."""

import re

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Actor, Block, Follow, Mute
from groups.feed import feed_of, of_actor, of_city, of_group, of_hashtag, page
from groups.models import (
    Hashtag,
    Like,
    Marker,
    Membership,
    MembershipState,
    Publication,
    Visibility,
)
from groups.visibility import visible_to
from ruche.journal.models import Entry, Notification
from tests.extent import examples
from tests.people import a_client, a_group, a_membership, a_note, a_user, acting_as

pytestmark = pytest.mark.django_db


def found_in(pattern, response):
    found = re.search(pattern, response.content.decode())
    assert found is not None
    return found[1].replace("&amp;", "&")


def keys_on(response):
    return [int(key) for key in re.findall(r'id="publication-(\d+)"', response.content.decode())]


def follow(follower, target, state="accepted"):
    target = target if isinstance(target, Actor) else target.actor
    return Follow.objects.create(follower=follower.actor, target=target, state=state)


# --- My feed -------------------------------------------------------------------------


def test_without_an_account_there_is_no_feed_of_ones_own(city):
    a_note(city.member)

    assert list(feed_of(acting_as(None))) == []


def test_my_feed_holds_my_groups_those_i_follow_and_my_own_words(city):
    group = a_note(city.organiser, city.garden)
    followed = a_note(city.resident)
    mine = a_note(city.member)
    a_note(city.former)
    follow(city.member, city.resident)

    assert set(feed_of(acting_as(city.member))) == {group, followed, mine}


def test_a_follow_that_was_not_accepted_brings_nothing(city):
    a_note(city.resident)
    follow(city.member, city.resident, state="asked")

    assert list(feed_of(acting_as(city.member))) == []


@pytest.mark.parametrize("state", ["invited", "asked", "refused", "left", "removed", "banned"])
def test_a_group_one_does_not_belong_to_brings_nothing(city, state):
    a_note(city.member, city.garden)
    a_membership(city.resident, city.garden, state=state)

    assert list(feed_of(acting_as(city.resident))) == []


def test_a_group_that_one_follows_brings_what_one_may_read_of_it(city):
    wide = a_note(city.member, city.garden, level=3)
    a_note(city.member, city.garden, level=2)
    a_note(city.member, city.shelter)
    for group in (city.garden, city.shelter):
        follow(city.resident, group.actor)

    assert list(feed_of(acting_as(city.resident))) == [wide]


def test_following_somebody_brings_nothing_of_their_protected_groups(city):
    a_note(city.member, city.shelter)
    follow(city.resident, city.member)

    assert list(feed_of(acting_as(city.resident))) == []


@pytest.mark.parametrize("muted", ["organiser", "garden"])
def test_who_is_muted_is_left_out_of_every_feed(city, muted):
    note = a_note(city.organiser, city.garden)
    tag = Hashtag.objects.create(name="jardin")
    note.hashtags.add(tag)
    acting = acting_as(city.member)
    Mute.objects.create(actor=city.member.actor, target=getattr(city, muted).actor)

    assert note not in feed_of(acting)
    if muted == "organiser":
        assert note not in of_city(acting)
        assert note not in of_group(acting, city.garden)
        assert note not in of_hashtag(acting, "jardin")
        assert note in of_actor(acting, city.organiser.actor)


def test_feeds_hold_beginnings_not_answers(city):
    root = a_note(city.member, city.garden)
    a_note(city.organiser, city.garden, in_reply_to=root, root=root)
    acting = acting_as(city.member)

    for feed in (feed_of(acting), of_city(acting), of_group(acting, city.garden)):
        assert list(feed) == [root]


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_my_feed_pages_through_all_that_one_plain_query_finds(city, data):
    """The walk of each source, merged, is the plain question asked in one go."""
    Publication.objects.all().delete()
    Follow.objects.all().delete()
    authors = [city.member, city.organiser, city.resident, city.former]
    reader = data.draw(st.sampled_from([city.member, city.resident]))
    for author in data.draw(st.sets(st.sampled_from(authors))) - {reader}:
        follow(reader, author)
    said = st.tuples(
        st.sampled_from(authors),
        st.sampled_from([None, city.garden, city.shelter]),
        st.integers(0, 5),
    )
    for author, group, level in data.draw(st.lists(said, max_size=14)):
        a_note(author, group, level=level)
    acting = acting_as(reader)
    groups = Membership.objects.filter(actor=reader.actor, state=MembershipState.MEMBER)
    heard = [reader.actor.pk, *reader.actor.following.values_list("target", flat=True)]
    plain = visible_to(acting).filter(level__gte=1, root=None)
    plain = plain.filter(group__in=groups.values("group")) | plain.filter(author__in=heard)
    limit = data.draw(st.integers(1, 5))

    found, before = [], None
    while True:
        one = page(feed_of(acting, before, limit + 1), before, limit)
        found += [row.pk for row in one.items]
        before = one.older
        if before is None:
            break

    assert found == sorted({row.pk for row in plain}, reverse=True)


# --- The city, a hashtag ---------------------------------------------------------------


def test_the_city_shows_visitors_what_is_for_everybody_and_people_what_is_for_them(city):
    everybody = a_note(city.member, city.garden, level=5)
    signed_in = a_note(city.member, city.garden, level=3)
    a_note(city.member, city.garden, level=2)
    a_note(city.member, city.shelter, level=5)
    a_note(city.member, city.garden, level=5, discreet=True)

    assert set(of_city(acting_as(None))) == {everybody}
    assert set(of_city(acting_as(city.resident))) == {everybody, signed_in}


def test_a_hashtag_lists_what_the_reader_may_see_alone(city):
    tag = Hashtag.objects.create(name="abri")
    seen = a_note(city.member, city.garden)
    unseen = a_note(city.member, city.shelter)
    for note in (seen, unseen):
        note.hashtags.add(tag)

    assert keys_on(a_client().get("/t/Abri")) == [seen.pk]
    assert keys_on(a_client(city.member).get("/t/abri")) == [unseen.pk, seen.pk]


def test_a_word_used_in_secret_looks_like_a_word_that_nobody_used(city):
    a_note(city.member, city.shelter).hashtags.add(Hashtag.objects.create(name="abri"))

    secret, unused = (a_client().get(f"/t/{word}") for word in ("abri", "arbi"))

    assert secret.content.replace(b"abri", b"arbi") == unused.content


# --- Pages -----------------------------------------------------------------------------


@pytest.fixture
def busy(city):
    """Forty-five notes in the garden, by people whom the member follows."""
    authors = [a_user(f"voisine{n}") for n in range(9)]
    for author in authors:
        a_membership(author, city.garden)
        follow(city.member, author)
    tag = Hashtag.objects.create(name="jardin")
    city.notes = [a_note(authors[n % 9], city.garden) for n in range(45)]
    for note in city.notes:
        note.hashtags.add(tag)
    return city


@pytest.mark.parametrize("path", ["/", "/ville", "/g/jardin", "/t/jardin"])
def test_older_pages_hold_each_note_once(busy, path):
    browser = a_client(busy.member)
    found, url = [], path
    while url:
        response = browser.get(url)
        found += keys_on(response)
        more = re.search(r'href="([^"]*)" rel="next"', response.content.decode())
        url = path + more[1].replace("&amp;", "&") if more else ""

    assert found == [note.pk for note in reversed(busy.notes)]


@pytest.mark.parametrize("before", ["x", "-1", "0", "9" * 19, "9" * 40, "²"])
def test_a_page_key_that_is_none_is_no_harm(city, before):
    a_note(city.member, city.garden)

    for user in (None, city.member):
        for path in ("/", "/ville", "/u/membre"):
            assert a_client(user).get(path, {"avant": before, "lu": before}).status_code == 200


LISTS = ["/", "/ville", "/g/jardin", "/t/jardin", "/u/voisine0", "/moi/gardes"]


@pytest.mark.parametrize("path", LISTS)
def test_the_queries_of_a_list_do_not_grow_with_its_rows(busy, path, django_assert_max_num_queries):
    browser = a_client(busy.member)
    for note in busy.notes[:10]:
        busy.member.actor.bookmarks.create(publication=note)
    browser.get(path)
    with django_assert_max_num_queries(60) as few:
        assert browser.get(path).status_code == 200
    number = len(few.captured_queries)

    author = Actor.objects.get(handle="voisine0").user
    tag = Hashtag.objects.get()
    for n in range(60):
        other = a_user(f"autre{n}")
        follow(busy.member, other)
        a_membership(busy.member, a_group(f"ruche{n}"))
        note = a_note(author if n % 2 else other, busy.garden)
        note.hashtags.add(tag)
        busy.member.actor.bookmarks.create(publication=note)
        Like.objects.create(publication=note, actor=busy.member.actor)
        a_note(other, busy.garden, in_reply_to=note, root=note)
    browser.get(path)

    with django_assert_max_num_queries(min(number, 25)):
        assert len(keys_on(browser.get(path))) == 20


# --- "Vous en étiez ici" -----------------------------------------------------------------


def test_the_line_stands_between_what_is_new_and_what_was_read(city):
    read = a_note(city.organiser, city.garden, source="Ancien")
    browser = a_client(city.member)
    browser.get("/g/jardin")
    new = a_note(city.organiser, city.garden, source="Récent")

    response = browser.get("/g/jardin")
    text = response.content.decode()

    assert text.count('id="reprendre"') == 1
    assert text.index(f"publication-{new.pk}") < text.index('id="reprendre"')
    assert text.index('id="reprendre"') < text.index(f'id="publication-{read.pk}"')
    assert text.count("Nouveau</span>") == 1
    assert browser.get("/g/jardin").content.decode().count('id="reprendre"') == 0


def test_at_the_first_visit_nothing_is_called_new(city):
    a_note(city.organiser, city.garden)

    text = a_client(city.member).get("/g/jardin").content.decode()

    assert 'id="reprendre"' not in text
    assert "Nouveau</span>" not in text


def test_ones_own_words_are_not_new(city):
    a_note(city.organiser, city.garden)
    browser = a_client(city.member)
    browser.get("/g/jardin")
    a_note(city.member, city.garden)

    assert "Nouveau</span>" not in browser.get("/g/jardin").content.decode()


def test_the_line_waits_on_an_older_page_when_more_is_new_than_a_page_holds(busy):
    browser = a_client(busy.member)
    Marker.objects.create(actor=busy.member.actor, topic="g:jardin", key=busy.notes[9].pk)

    first = browser.get("/g/jardin")
    second = browser.get("/g/jardin" + found_in(r'href="(\?[^"]*)" rel="next"', first))

    assert b'id="reprendre"' not in first.content
    assert second.content.count(b'id="reprendre"') == 1


def test_reading_changes_the_marker_and_nothing_else(city):
    note = a_note(city.organiser, city.garden)
    browser = a_client(city.member)

    browser.get("/g/jardin")
    browser.head("/ville")

    marker = Marker.objects.get()
    assert (marker.topic, marker.key) == ("g:jardin", note.pk)
    assert not Entry.objects.exists()
    assert not Notification.objects.exists()


def test_visitors_are_not_marked_and_get_no_cookie_and_no_form(city):
    a_note(city.organiser, city.garden)

    for path in ("/", "/ville", "/g/jardin", "/u/animatrice", "/t/jardin"):
        response = a_client().get(path)
        assert not response.cookies
        assert b'method="post"' not in response.content
    assert not Marker.objects.exists()


# --- The front page ----------------------------------------------------------------------


def test_a_new_account_reads_the_city_and_finds_groups_to_join(city):
    note = a_note(city.member, city.garden)
    newcomer = a_user("nouvelle")
    hidden = a_group("cachee", visibility=Visibility.HIDDEN)

    response = a_client(newcomer).get("/")

    assert keys_on(response) == [note.pk]
    assert "Jardin partagé" in response.content.decode()
    assert hidden.name not in response.content.decode()


def test_who_follows_nobody_yet_finds_each_note_once_and_one_live_feed(city):
    newcomer = a_user("nouvelle")
    mine, other = a_note(newcomer), a_note(city.member, city.garden)

    response = a_client(newcomer).get("/")

    assert sorted(keys_on(response)) == [mine.pk, other.pk]
    assert response.content.count(b"data-live-topic=") == 1
    assert response.content.count(b"data-live-pill") == 1


def test_what_who_blocks_me_says_is_in_no_feed_of_mine(city):
    a_note(city.organiser, city.garden)
    Block.objects.create(actor=city.organiser.actor, target=city.member.actor)

    for path in ("/", "/ville", "/g/jardin"):
        assert keys_on(a_client(city.member).get(path)) == []


@pytest.mark.parametrize(
    "accept", ["application/json", "application/activity+json", "application/atom+xml"]
)
def test_who_does_not_read_html_is_told_so(city, accept):
    note = a_note(city.member, city.garden)

    for path in ("/", "/ville", "/u/membre", "/u/personne", f"/p/{note.pk}", "/p/1", "/t/x"):
        response = a_client().get(path, headers={"accept": accept})
        assert (response.status_code, response.content) == (406, b"")
        assert "Accept" in response["Vary"]
    assert a_client().get(f"/p/{note.pk}", headers={"accept": "*/*"}).status_code == 200


def test_what_is_pinned_is_said_once_above_the_feed(city):
    a_note(city.organiser, city.garden, source="Ordinaire")
    pinned = a_note(city.organiser, city.garden, source="À lire", pinned_at=timezone.now())

    text = a_client(city.member).get("/g/jardin").content.decode()

    assert text.count(f'id="publication-{pinned.pk}"') == 1
    assert text.index("data-live-pinned") < text.index("data-live-topic")
    assert text.index("À lire") < text.index("data-live-topic")
    assert f"/p/{pinned.pk}/merci" in text


def test_a_script_that_looks_has_read_nothing(city):
    a_note(city.organiser, city.garden)

    a_client(city.member).get("/g/jardin", headers={"Ruche-Look": "1"})

    assert not Marker.objects.exists()


@pytest.mark.parametrize(
    ("who", "topic", "status"),
    [
        (None, "city", 403),
        (None, "g:jardin", 403),
        ("resident", "g:refuge", 404),
        ("member", "g:inconnue", 404),
        ("member", "p:12", 404),
        ("member", "", 404),
        ("member", "cityhall", 404),
    ],
)
def test_who_may_not_read_a_topic_has_no_marker_in_it(city, who, topic, status):
    browser = a_client(getattr(city, who) if who else None)

    response = browser.post("/moi/lu", {"topic": topic, "key": "12"})

    assert response.status_code == status
    assert not Marker.objects.exists()


@pytest.mark.parametrize("key", ["", "zéro", "-1", "99999999999999999999"])
def test_a_key_that_is_none_marks_nothing(city, key):
    response = a_client(city.member).post("/moi/lu", {"topic": "city", "key": key})

    assert response.status_code == 404
    assert not Marker.objects.exists()


@pytest.mark.parametrize("topic", ["me", "city", "g:jardin", "g:refuge"])
def test_what_a_page_took_in_is_read_and_never_less(city, topic):
    browser = a_client(city.member)

    for key in ("12", "10"):
        assert browser.post("/moi/lu", {"topic": topic, "key": key}).status_code == 204

    assert Marker.objects.get().key == 12


# --- The live feed of the front page -------------------------------------------------------


def topics_on(response):
    return re.findall(r'data-live-topic="([^"]*)"', response.content.decode())


def test_until_one_follows_something_the_city_is_live(city):
    a_note(city.member, city.garden)
    newcomer = a_user("nouvelle")

    assert topics_on(a_client(newcomer).get("/")) == ["city"]


def test_who_belongs_somewhere_has_their_own_feed_live(city):
    a_note(city.organiser, city.garden)

    assert topics_on(a_client(city.member).get("/")) == ["me"]
