"""
Journey 4, two browsers and a phone: the feed moves, the reader does not.

A posts in the group; B and the phone are told within two seconds, nothing
moves, B's draft is intact; the network is cut and comes back, without a hole
or a double; without Redis one reads and posts as ever. Source: product.md.
"""

import time

import pytest
from playwright.sync_api import expect

from tests.served import Served, free_port
from tests.wires import Wire

TOLD_WITHIN_MS = 2000
DRAFT = "Je commence une phrase et je la laisse là"

BEFORE = """
from accounts.models import User
from groups.models import Group
from tests.people import a_membership, a_note
garden = Group.objects.get(actor__handle="jardin")
a_membership(User.objects.get(handle="habitante"), garden)
for number in range(30):
    a_note(User.objects.get(handle="animatrice"), garden, source=f"Ancien message {number}")
"""

PUBLISH = """
from accounts.models import User
from groups.actions.publications import publish_note
from groups.models import Group
from tests.people import acting_as
organiser = User.objects.get(handle="animatrice")
garden = Group.objects.get(actor__handle="jardin")
for number in range(%d):
    note = publish_note(acting_as(organiser), group=garden, source=f"%s {number}", level=2)
    print(note.pk)
"""

PIN = """
from accounts.models import User
from groups.actions.publications import pin_publication
from groups.models import Publication
from tests.people import acting_as
organiser = User.objects.get(handle="animatrice")
pin_publication(acting_as(organiser), publication=Publication.objects.get(pk=%s))
"""

THANK = """
from accounts.models import User
from groups.actions.reactions import like
from groups.models import Publication
from tests.people import acting_as
neighbour = User.objects.get(handle="habitante")
like(acting_as(neighbour), publication=Publication.objects.get(pk=%s))
"""

# Where the reader is: what must not move.
PLACE = """() => ({
    scroll: scrollY,
    seen: [...document.querySelectorAll("article")].map((a) => a.getBoundingClientRect())
        .filter((box) => box.bottom > 0 && box.top < innerHeight).map((box) => box.top),
    draft: document.getElementById("id_source").value,
    caret: document.getElementById("id_source").selectionStart,
    focus: document.activeElement.id,
})"""

WATCH = """() => {
    const pill = document.querySelector("[data-live-pill]");
    window.toldAt = 0;
    new MutationObserver(() => { if (!pill.hidden && !window.toldAt) window.toldAt = Date.now(); })
        .observe(pill, { attributes: true });
}"""

KEYS = """() => [...document.querySelectorAll("[data-live-topic] > li > article")]
    .map((article) => article.id.replace("publication-", ""))"""


@pytest.fixture(scope="module")
def wires():
    """The line of the pages, and the one to Redis (dead from the start where there is none)."""
    with Wire(free_port(), free_port()) as network, Wire(free_port(), 6379) as redis:
        yield network, redis


@pytest.fixture(scope="module")
def city(wires, tmp_path_factory):
    network, redis = wires
    city = Served(
        tmp_path_factory.mktemp("city"),
        port=network.to_port,
        RUCHE_DOMAIN=f"localhost:{network.port}",
        REDIS_URL=f"redis://127.0.0.1:{redis.port}",
    )
    city.run(BEFORE)
    city.start()
    yield city
    city.stop()


@pytest.fixture
def open_page(browser, city, wires):
    """Open the group as somebody, through the wire or straight to the server."""
    contexts = []

    def opens(handle, *, through_wire=True, width=1280):
        port = wires[0].port if through_wire else city.port
        context = browser.new_context(
            base_url=f"http://localhost:{port}",
            viewport={"width": width, "height": 800},
            locale="fr-FR",
        )
        session = {"name": "session", "value": city.sessions[handle]}
        context.add_cookies([{**session, "domain": "localhost", "path": "/"}])
        contexts.append(context)
        page = context.new_page()
        with page.expect_websocket() as opened:
            page.goto("/g/jardin")
        opened.value.wait_for_event("framereceived")
        return page

    yield opens
    for context in contexts:
        context.close()


def pill(page):
    return page.locator("[data-live-pill] a")


def published(city, number, words):
    """Publish from another process; return the keys, newest first."""
    return city.run(PUBLISH % (number, words)).split()[::-1]


def moment_of(key):
    return int(key) >> 16


def test_a_post_is_told_within_two_seconds_and_nothing_moves(city, open_page):
    author, reader = open_page("animatrice"), open_page("membre")
    phone = open_page("habitante", width=360)
    reader.locator("#id_source").fill(DRAFT)
    for page in (reader, phone):
        page.wait_for_timeout(3000)
        page.evaluate("scrollTo(0, 900)")
        page.wait_for_timeout(300)
        page.evaluate(WATCH)
    places = [page.evaluate(PLACE) for page in (reader, phone)]
    assert places[0]["draft"] == DRAFT

    author.locator("#id_source").fill("Les tomates sont mûres")
    author.get_by_role("button", name="Publier").click()
    expect(author.get_by_text("Les tomates sont mûres")).to_be_visible()
    key = author.evaluate(KEYS)[0]
    for page in (reader, phone):
        expect(pill(page)).to_have_text("1 nouveau message")
        assert page.evaluate("toldAt") - moment_of(key) < TOLD_WITHIN_MS

    keys = published(city, 19, "Message de plus")
    for page, place in zip((reader, phone), places, strict=True):
        expect(pill(page)).to_have_text("20 nouveaux messages", timeout=10_000)
        assert page.evaluate(PLACE) == place

    pill(reader).click()
    expect(pill(reader)).to_be_hidden()
    shown = reader.evaluate(KEYS)
    assert shown[:20] == [*keys, key]
    assert len(shown) == len(set(shown))
    assert reader.locator("#id_source").input_value() == DRAFT


def test_what_was_taken_in_is_new_no_more_at_the_next_visit(city, open_page):
    reader, other = open_page("membre"), open_page("habitante")
    published(city, 2, "Pris au vol")
    for page in (reader, other):
        expect(pill(page)).to_have_text("2 nouveaux messages", timeout=10_000)
    with reader.expect_response("**/moi/lu") as said:
        pill(reader).click()
    assert said.value.status == 204

    for page, new in ((reader, 0), (other, 2)):
        page.goto("/g/jardin")
        expect(page.locator("article .now")).to_have_count(new)


def test_what_is_pinned_renews_itself_where_it_stands(city, open_page):
    key = published(city, 1, "En haut")[0]
    city.run(PIN % key)
    reader = open_page("membre")
    pinned = reader.locator(f"[data-live-pinned] #publication-{key}")
    expect(pinned.get_by_role("button", name="Merci", exact=True)).to_be_visible()

    city.run(THANK % key)

    expect(pinned.get_by_role("button", name="Merci 1", exact=True)).to_be_visible(timeout=10_000)
    assert reader.evaluate(KEYS).count(key) == 0


def test_what_one_writes_survives_a_change_and_a_removal(city, open_page):
    reader = open_page("membre")
    first = reader.evaluate(KEYS)[0]
    reader.locator("#id_source").fill(DRAFT)
    # Only what is seen is renewed.
    reader.locator(f"#publication-{first}").scroll_into_view_if_needed()

    city.run(
        "from accounts.models import User\n"
        "from groups.actions.publications import edit_publication\n"
        "from groups.models import Publication\n"
        "from tests.people import acting_as\n"
        f"note = Publication.objects.get(pk={first})\n"
        "edit_publication(acting_as(User.objects.get(actor=note.author)), publication=note,"
        " source='Les tomates sont cueillies')"
    )

    expect(reader.locator(f"#publication-{first}")).to_contain_text("cueillies", timeout=10_000)
    assert reader.locator("#id_source").input_value() == DRAFT
    assert reader.evaluate("document.activeElement.id") == "id_source"

    city.run(
        "from accounts.models import User\n"
        "from groups.actions.publications import delete_publication\n"
        "from groups.models import Publication\n"
        "from tests.people import acting_as\n"
        f"note = Publication.objects.get(pk={first})\n"
        "delete_publication(acting_as(User.objects.get(actor=note.author)), publication=note)"
    )

    expect(reader.get_by_text("cueillies")).to_have_count(0, timeout=10_000)
    assert reader.locator("#id_source").input_value() == DRAFT


def test_a_cut_line_leaves_no_hole_and_no_double(city, wires, open_page):
    network, _ = wires
    reader = open_page("membre")
    before = reader.evaluate(KEYS)
    first = published(city, 2, "Avant la coupure")
    expect(pill(reader)).to_have_text("2 nouveaux messages", timeout=10_000)

    network.cut()
    missed = published(city, 3, "Pendant la coupure")
    expect(reader.get_by_text("Le direct est coupé")).to_be_visible(timeout=40_000)
    network.mend()

    expect(pill(reader)).to_have_text("5 nouveaux messages", timeout=40_000)
    expect(reader.get_by_text("Le direct est coupé")).to_be_hidden(timeout=40_000)
    after = published(city, 1, "Après la coupure")
    expect(pill(reader)).to_have_text("6 nouveaux messages", timeout=10_000)
    pill(reader).click()
    expect(pill(reader)).to_be_hidden()
    shown = reader.evaluate(KEYS)
    assert shown == [*after, *missed, *first, *before]


def test_without_redis_one_reads_posts_and_is_told(city, wires, open_page):
    _, redis = wires
    redis.cut()
    author, reader = open_page("animatrice"), open_page("membre")
    began = time.monotonic()

    author.locator("#id_source").fill("Sans Redis aussi")
    author.get_by_role("button", name="Publier").click()

    expect(author.get_by_text("Sans Redis aussi")).to_be_visible()
    expect(pill(reader)).to_have_text("1 nouveau message", timeout=10_000)
    assert time.monotonic() - began < 20


def test_without_script_the_page_is_whole_and_shows_no_pill(city, browser):
    context = browser.new_context(base_url=city.url, java_script_enabled=False, locale="fr-FR")
    page = context.new_page()

    page.goto("/g/jardin")

    expect(page.locator("article").first).to_be_visible()
    expect(page.locator("[data-live-pill]")).to_be_hidden()
    expect(page.locator("[data-live-cut]")).to_be_hidden()
    assert page.locator("article").count() == 20
    context.close()


def test_thanks_keep_the_place_the_draft_and_the_focus(city, open_page):
    reader = open_page("membre")
    reader.locator("#id_source").fill(DRAFT)
    card = reader.locator("[data-live-topic] article").nth(7)
    thanks = card.get_by_role("button", name="Merci")
    thanks.evaluate('button => button.scrollIntoView({ block: "center" })')
    before = reader.evaluate(PLACE)

    thanks.click()

    expect(thanks).to_have_attribute("aria-pressed", "true")
    expect(thanks).to_be_focused()
    after = reader.evaluate(PLACE)
    assert (after["scroll"], after["draft"]) == (before["scroll"], DRAFT)
    thanks.click()
    expect(thanks).to_have_attribute("aria-pressed", "false")
