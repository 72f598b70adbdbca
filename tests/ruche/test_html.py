"""Markdown in, safe HTML out."""

import re
import time

import nh3
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from ruche.core.html import MAX_MENTIONS, excerpt, render_note, sanitise_remote, without_controls
from tests.xss import ALLOWED_TAGS, MARKDOWN, PAYLOADS, assert_inert

LONG = 65_536


def render(source):
    return render_note(
        source,
        resolve_mention=lambda name: None if name == "inconnue" else f"/u/{name}",
        hashtag_url=lambda word: f"/t/{word}",
    )


# --- What must not come out ---------------------------------------------------


def test_the_corpus_is_large_enough():
    assert len(PAYLOADS) >= 60


@pytest.mark.parametrize("payload", PAYLOADS + MARKDOWN)
@pytest.mark.parametrize(
    "around", ["{}", "a {} b", "- {}", "**{}**", "[{}](https://a.example)", "@membre {} #mot"]
)
def test_no_payload_survives_in_a_note(payload, around):
    assert_inert(render(around.replace("{}", payload)).html)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_survives_in_what_another_server_sent(payload):
    markup = sanitise_remote(f"<p>{payload}</p>")

    assert_inert(markup)
    assert "/moi" not in markup


@pytest.mark.parametrize("payload", PAYLOADS)
def test_an_excerpt_is_plain_text(payload):
    assert "alert" not in excerpt(f"<p>{payload}</p>", 5)


def test_sanitising_what_another_server_sent_drops_links_into_this_house():
    markup = sanitise_remote('<a href="/moi/bloquer">x</a> <a href="//trap.example">y</a>')

    assert "href" not in markup


def test_two_halves_around_a_control_character_make_no_link():
    markup = sanitise_remote(
        '<a href="https:\u202e//a.example/">x</a><a href="java\u202ascript:x">y</a>'
    )

    assert_inert(markup)
    assert "javascript" not in markup


@given(st.text())
def test_any_text_gives_safe_html(source):
    markup = render(source).html

    assert_inert(markup)
    assert _settled(markup) == _settled(_settled(markup))


@given(
    st.lists(
        st.sampled_from(
            [*"<>\"'&;:/\\()[]!*_`#@ \n\t=-~", "a", "javascript:", "https://", "script", "onload=",
             "\u202e", "\x00", "&#", "x6a", "<a href=", "<!--", "-->", "![", "](", "data:", "svg"]
        ),
        max_size=60,
    )
)  # fmt: skip
def test_any_pieces_of_markup_give_safe_html(pieces):
    source = "".join(pieces)

    assert_inert(render(source).html)
    assert_inert(sanitise_remote(source))


def _settled(markup):
    return nh3.clean(
        markup, tags=ALLOWED_TAGS, attributes={"a": {"href", "class"}, "ol": {"start"}, "*": set()}
    )


HOSTILE = {
    "brackets": "[",
    "pictures": "![",
    "links": "[a](",
    "sharp links": "[a](<",
    "open links": "[a](b",
    "empty links": "[](http://a)",
    "stars": "*a ",
    "star words": "a**b",
    "mixed stars": "*_",
    "nested stars": "***a",
    "underscores": "_",
    "backticks": "`",
    "fences": "```\n",
    "quotes": ">",
    "nested quotes": "> ",
    "dashes": "- ",
    "numbers": "1. ",
    "items": "* a\n",
    "spaces": " ",
    "lines": "\n",
    "short lines": "a\n",
    "backslashes": "\\",
    "entities": "&",
    "numeric entities": "&#1",
    "angles": "<",
    "tags": "<a ",
    "comments": "<!--",
    "addresses": "http://",
    "closing marks": "http://a).",
    "at signs": "@",
    "mentions": "@a",
    "names": "a@",
    "dots": "a.",
    "hashes": "#",
    "long name": "@a-",
    "definitions": "[x]:",
    "combining": "a\u0315\u0300",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_takes_linear_time(name):
    source = (HOSTILE[name] * LONG)[:LONG]

    started = time.process_time()
    rendered = render(source)
    took_s = time.process_time() - started

    assert_inert(rendered.html)
    assert took_s < 5  # A quadratic one takes minutes; ours at most 0.7 s when nothing else runs.


@pytest.mark.parametrize(
    "piece", ["<b>", "<p>", "<blockquote>", "<ul><li>", "<math>", "<a href=x>", "</p>", "<table>"]
)
def test_hostile_remote_markup_takes_linear_time(piece):
    started = time.process_time()
    markup = sanitise_remote((piece * LONG)[:LONG])

    assert_inert(markup)
    assert time.process_time() - started < 5


def test_an_excerpt_of_hostile_text_takes_linear_time():
    started = time.process_time()

    excerpt("</p" * 20_000, 100)

    assert time.process_time() - started < 2


def test_one_template_alone_shows_what_was_written_as_html():
    trusted = {"accounts/add_application.html"}  # A QR code, drawn here from numbers.
    shown = {
        path.relative_to(folder).as_posix()
        for folder in settings.BASE_DIR.glob("*/templates")
        for path in folder.rglob("*.html")
        if re.search(r"\|\s*safe\b|autoescape off|\|\s*safeseq\b", path.read_text())
    }

    assert shown - trusted == {"groups/publication/_body.html"}


# --- What must come out -------------------------------------------------------


def test_paragraphs_lines_lists_and_emphasis_are_kept():
    markup = render("Bonjour **à tous**\net *merci*\n\n- un\n- deux\n\n3. trois").html

    assert "<p>Bonjour <strong>à tous</strong><br>\net <em>merci</em></p>" in markup
    assert "<ul>\n<li>un</li>\n<li>deux</li>\n</ul>" in markup
    assert '<ol start="3">' in markup


def test_a_heading_is_a_paragraph_in_bold():
    assert render("## Titre").html == "<p><strong>Titre</strong></p>"


def test_indented_words_and_a_line_of_dashes_stay_text():
    markup = render("Titre\n---\n\n    un retrait").html

    assert "<h2" not in markup
    assert "<code>" not in markup


def test_addresses_become_links_without_the_full_stop():
    markup = render("Voir https://a.example/b_c_d(1). Ou (https://b.example).").html

    assert '<a href="https://a.example/b_c_d(1)" rel="nofollow noopener noreferrer">' in markup
    assert 'href="https://b.example"' in markup


def test_a_mail_address_becomes_a_link_and_no_mention():
    rendered = render("Écrire à accueil@maison.example")

    assert 'href="mailto:accueil@maison.example"' in rendered.html
    assert rendered.mentions == ()


def test_a_link_that_pretends_to_be_another_shows_where_it_leads():
    markup = render("[https://ville.example](https://trap.example/x)").html

    assert "ville.example" not in markup
    assert ">https://trap.example/x</a>" in markup


def test_a_link_with_words_keeps_them():
    assert ">le plan du quartier</a>" in render("[le plan du quartier](https://a.example)").html


def test_mentions_are_found_once_in_small_letters():
    rendered = render("@Membre, @membre et @amie@autre.example. Pas @inconnue.")

    assert rendered.mentions == ("membre", "amie@autre.example")
    assert '<a href="/u/membre" class="mention" rel=' in rendered.html
    assert "Pas @inconnue." in rendered.html


def test_marks_are_not_found_in_code_nor_in_links():
    rendered = render("`@membre #mot` [@membre #mot](https://a.example)\n\n```\n@membre #mot\n```")

    assert rendered.mentions == ()
    assert rendered.hashtags == ()


def test_hashtags_keep_their_accents_and_need_a_letter():
    rendered = render("#Été #été #2026 a#non #fête2026!")

    assert rendered.hashtags == ("été", "fête2026")
    assert ">#Été</a>" in rendered.html


def test_only_so_many_mentions_are_looked_up():
    asked: list[str] = []

    render_note(
        " ".join(f"@nom{n}" for n in range(200)),
        resolve_mention=asked.append,
        hashtag_url=lambda word: f"/t/{word}",
    )

    assert len(asked) == MAX_MENTIONS


def test_signs_that_turn_the_text_around_are_dropped():
    assert without_controls("a\u202eb\u2066c\x00d\ne\t") == "abcd\ne\t"
    assert "\u202e" not in render("&#x202e;abc").html


def test_an_excerpt_is_cut_between_words():
    markup = render("Une première phrase assez longue.\n\nUne deuxième & dernière.").html

    assert excerpt(markup, 200) == "Une première phrase assez longue. Une deuxième & dernière."
    assert excerpt(markup, 20) == "Une première phrase…"
    assert len(excerpt("<p>" + "a" * 500 + "</p>", 30)) == 30
