"""Every kind of page: nothing for axe to say, nothing that overflows, nothing that shouts."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.extent import FULL
from tests.people import a_note, index_everything

# One narrow and light, one wide and dark: each layout and each set of colours once.
VIEWS = [(360, "light"), (1280, "dark")]
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # What is fine is not listed: it would be most of what the browser sends back.
    "resultTypes": ["violations"],
}

# ``{note}`` is a message of the garden, ``{mine}`` the organiser's own.
ANYBODY = """
    / /ville /ruches /ruches?q=zzz /recherche /recherche?q=arrosoir /recherche?q=jrdin
    /g/jardin /g/refuge /g/jardin/membres /g/jardin/affiche
    /u/animatrice /p/{note} /t/arrosoir /connexion?next=/moi /connexion/mot-de-passe
    /connexion/cle /connexion/compte-ferme /inscription /affichage
    /affichage?language=br&next=/aide /aide /accessibilite /mentions-legales /plan /nulle-part
""".split()  # noqa: SIM905 - addresses read best as words
MEMBER = """
    / /ville /ruches /ruches/ouvrir /g/jardin /g/refuge /g/jardin/membres /g/jardin/quitter
    /p/{note} /p/{note}/repondre /p/{note}/signaler /u/animatrice /u/animatrice/suivre
    /u/animatrice/bloquer /u/animatrice/silence /publier /moi /moi/profil /moi/securite
    /moi/securite/deux-etapes /moi/appareils /moi/abonnes /moi/blocages /moi/structures
    /moi/nouvelles /moi/ruches /moi/gardes /moi/brouillons /connexion/confirmer /plan /affichage
    /deconnexion /g/jardin/reglages /nulle-part
""".split()  # noqa: SIM905
RESIDENT = ["/", "/g/refuge", "/g/refuge/rejoindre", "/g/jardin/rejoindre", "/moi/ruches"]
ORGANISER = """
    /g/jardin /g/refuge /g/jardin/membres /g/refuge/demandes /g/jardin/invitations
    /g/jardin/reglages /g/jardin/archiver /g/jardin/signalements /p/{mine}/modifier
    /p/{mine}/supprimer /p/{note}/masquer
""".split()  # noqa: SIM905
MODERATOR = ["/bureau", "/bureau/ruches", "/bureau/journal", "/plan"]


@pytest.fixture
def lived_in(city, transactional_db, settings):
    """The small city with words in it, and the readers with their pages."""
    settings.RUCHE_DEMO = True
    mine = a_note(city.organiser, city.garden, source="Les fèves sont plantées.")
    note = a_note(city.member, city.garden, source="Qui a un arrosoir ?")
    a_note(city.organiser, city.garden, source="Moi.", in_reply_to=note, root=note)
    index_everything()
    pages = {"note": note.pk, "mine": mine.pk}
    city.readers = [
        (user, [path.format(**pages) for path in paths])
        for user, paths in (
            (None, ANYBODY),
            (city.member, MEMBER),
            (city.resident, RESIDENT),
            (city.organiser, ORGANISER),
            (city.moderator, MODERATOR),
        )
    ]
    return city


def _pages(lived_in, view: int = 0, views: int = 1):
    """
    Each reader with the pages to look at in this view: all of them with ``make test-full``.

    Usually each page is looked at in one of the ``views``, and in another one
    than the page before it.
    """
    for user, paths in lived_in.readers:
        yield user, paths if FULL else paths[view::views]


def _violations(page) -> list[str]:
    found = Axe().run(page, options=AXE_OPTIONS).response["violations"]
    return [
        f"{violation['id']}: {node['html'][:160]}"
        for violation in found
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("view", range(len(VIEWS)))
def test_axe_has_nothing_to_say(lived_in, open_context, view):
    width, scheme = VIEWS[view]
    complaints = []
    for user, paths in _pages(lived_in, view, len(VIEWS)):
        page = open_context(user, width=width, scheme=scheme).new_page()
        for path in paths:
            page.goto(path)
            complaints += [f"{user or 'visitor'} {path} {words}" for words in _violations(page)]

    assert complaints == [], "\n".join(complaints)


# What sticks out of the page, but not what scrolls inside a box of its own.
WIDER_THAN_THE_PAGE = """
() => document.documentElement.scrollWidth - document.documentElement.clientWidth
"""

SMALL_TARGETS = """
() => [...document.querySelectorAll("a, button, summary, select, input:not([type=hidden])")]
  .filter(target => !target.closest("p, dd, li > span") || target.matches(".button, .plain"))
  .filter(target => !target.closest(".visually-hidden, .skip, .message-title, [hidden]"))
  .map(target => [target.closest("label") || target, target])
  .filter(([row]) => row.getClientRects().length && row.getBoundingClientRect().height < 43.5)
  .map(([row, target]) => target.outerHTML.slice(0, 120))
"""


def test_nothing_overflows_sideways_and_what_one_taps_is_44_points_high(lived_in, open_context):
    """Each page is asked once, and looked at in each width and size of text."""
    complaints = []
    for user, paths in lived_in.readers:
        page = open_context(user, width=360, bypass_csp=True).new_page()
        for path in paths:
            page.goto(path)
            complaints += [f"{path} {html}" for html in page.evaluate(SMALL_TARGETS)]
            for width, text_size in [(320, "100%"), (320, "200%"), (1280, "200%")]:
                page.set_viewport_size({"width": width, "height": 800})
                page.add_style_tag(content=f":root {{ font-size: {text_size} !important }}")
                if page.evaluate(WIDER_THAN_THE_PAGE) > 0:
                    complaints.append(f"{user or 'visitor'} {path}: {width} px, {text_size}")
            page.set_viewport_size({"width": 360, "height": 800})

    assert complaints == [], "\n".join(complaints)


def test_a_page_asks_nothing_of_other_sites_and_breaks_none_of_its_rules(lived_in, open_context):
    heard, asked = [], []
    page = open_context(lived_in.member).new_page()
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/", "/g/jardin", "/ruches", "/moi", "/moi/nouvelles"):
        page.goto(path)

    # ``live_server`` does not speak WebSocket; journeys that need it have a server that does.
    assert [words for words in heard if not words.startswith("WebSocket connection")] == []
    assert {urlsplit(url).hostname for url in asked} == {"localhost"}


def test_the_chosen_theme_wins_over_the_device_and_stays(lived_in, open_context):
    page = open_context(lived_in.member, scheme="light").new_page()
    page.goto("/aide")

    page.get_by_role("button", name="Sombre").click()

    assert page.url.endswith("/aide")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(24, 20, 16)"
    assert page.get_by_role("button", name="Sombre").get_attribute("aria-pressed") == "true"


def test_a_visitor_reads_in_breton_in_two_taps(lived_in, open_context):
    page = open_context().new_page()
    page.goto("/aide")

    page.get_by_role("link", name="br", exact=True).click()
    page.get_by_role("button", name="Brezhoneg").click()

    assert page.url.endswith("/aide")
    assert page.locator("html").get_attribute("lang") == "br"


def test_paper_shows_the_words_and_not_the_buttons(lived_in, open_context):
    page = open_context().new_page()
    page.goto("/")

    page.emulate_media(media="print")

    assert page.locator("h1").is_visible()
    assert not page.locator(".nav").is_visible()
    assert not page.locator(".foot").is_visible()


def test_shapes_stand_in_forced_colours(lived_in, open_context):
    page = open_context(forced_colors="active").new_page()

    page.goto("/")

    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    current = page.locator(".nav a[aria-current]")
    assert current.evaluate("link => getComputedStyle(link).borderBottomWidth") == "5px"


def test_a_form_to_mend_says_where_and_leads_there(lived_in, open_context):
    page = open_context(lived_in.member, width=360).new_page()
    page.goto("/ruches/ouvrir")
    page.get_by_role("button", name="Envoyer ma demande").click()

    summary = page.locator("main").get_by_role("alert")
    summary.get_by_role("link").first.click()

    assert page.url.endswith("#id_name")
    assert page.locator("#id_name").get_attribute("aria-invalid") == "true"
    assert _violations(page) == []
