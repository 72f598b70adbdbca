"""The grammar of the pages: French spaces, dates, shapes, reach, fields."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.utils import translation
from django.utils.safestring import mark_safe

from groups.models import Group, Level, Publication, Visibility
from ruche.core.drawings import ICONS, city_comb, five_cells, lit_cells
from ruche.core.moments import day_words, said, said_day
from ruche.core.typography import french_spaces, french_spaces_in_html
from ruche.templatetags.ruche import initials, reach_sentence, tel, typo, undo_address

PARIS = ZoneInfo("Europe/Paris")
# A Monday.
NOW = datetime(2026, 11, 23, 14, 10, tzinfo=PARIS)


def rendered(source: str, **context) -> str:
    return Template(source).render(Context(context))


# --- French spaces ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("Vous venez ?", "Vous venez\u202f?"),
        ("Oui ! Non ; si.", "Oui\u202f! Non\u202f; si."),
        ("Aide : 02 61", "Aide\u00a0: 02 61"),
        ("« Mes papiers »", "«\u202fMes papiers\u202f»"),
        ("«Mes papiers»", "«\u202fMes papiers\u202f»"),
        ("à 14 h 10", "à 14\u00a0h\u00a010"),
        ("à 1,8 km, 3 €, 20 %", "à 1,8\u00a0km, 3\u00a0€, 20\u00a0%"),
        ("1 234 567 abeilles", "1\u202f234\u202f567 abeilles"),
        ("02 61 91 48 48", "02 61 91 48 48"),
        ("http://ruche.example/a?b=1;c", "http://ruche.example/a?b=1;c"),
        ("14:10", "14:10"),
        ("le 3 mars", "le 3 mars"),
        ("10 hommes", "10 hommes"),
    ],
)
def test_french_spaces_go_where_a_printer_puts_them(typed, set_):
    assert french_spaces(typed) == set_
    assert french_spaces(set_) == set_


def test_tags_attributes_and_code_keep_their_spaces():
    html = '<a href="/x ?y ; z" title="Ça va ?">Ça va ?</a> <code>a ? b : c</code> <p>Oui !</p>'

    assert french_spaces_in_html(html) == (
        '<a href="/x ?y ; z" title="Ça va ?">Ça va\u202f?</a> <code>a ? b : c</code>'
        " <p>Oui\u202f!</p>"
    )


def test_text_that_is_not_marked_safe_is_escaped():
    assert rendered("{{ words|typo }}", words="<b>Ça va ?</b>") == (
        "&lt;b&gt;Ça va\u202f?&lt;/b&gt;"
    )


def test_sanitised_html_stays_html():
    html = mark_safe("<p>Fish &amp; chips ; ça va ?</p>")

    assert rendered("{{ words|typo }}", words=html) == (
        "<p>Fish &amp; chips\u202f; ça va\u202f?</p>"
    )


def test_plain_text_mails_are_not_escaped():
    assert typo("Tom & Léa ?", autoescape=False) == "Tom & Léa\u202f?"


def test_english_is_left_as_it_is():
    with translation.override("en"):
        assert rendered("{{ words|typo }}", words="Really ?") == "Really ?"
        assert rendered("{{ words|typo:'fr' }}", words="Vraiment ?") == "Vraiment\u202f?"


def test_nothing_is_nothing():
    assert rendered("{{ words|typo }}", words=None) == ""


# --- Moments -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "french", "english", "breton"),
    [
        ((2026, 11, 23, 13, 58), "à 13 h 58", "at 1:58 pm", "da 13e58"),
        ((2026, 11, 23, 0, 5), "à 0 h 05", "at 12:05 am", "da 0e05"),
        ((2026, 11, 23, 9, 0), "à 9 h", "at 9:00 am", "da 9e"),
        ((2026, 11, 22, 18, 5), "hier à 18 h 05", "yesterday at 6:05 pm", "dec’h da 18e05"),
        ((2026, 11, 21, 17, 40), "samedi à 17 h 40", "Saturday at 5:40 pm", "disadorn da 17e40"),
        ((2026, 11, 17, 8, 0), "mardi à 8 h", "Tuesday at 8:00 am", "dimeurzh da 8e"),
        ((2026, 11, 16, 8, 0), "le 16 novembre", "on 16 November", "d’ar 16 a viz Du"),
        ((2026, 3, 1, 8, 0), "le 1er mars", "on 1 March", "d’ar 1añ a viz Meurzh"),
        ((2024, 3, 3, 8, 0), "le 3 mars 2024", "on 3 March 2024", "d’an 3 a viz Meurzh 2024"),
        ((2026, 11, 24, 9, 0), "demain à 9 h", "tomorrow at 9:00 am", "warc’hoazh da 9e"),
        ((2026, 12, 1, 9, 0), "le 1er décembre", "on 1 December", "d’ar 1añ a viz Kerzu"),
    ],
)
def test_a_moment_is_said_as_a_neighbour_would(moment, french, english, breton):
    year, month, day, hour, minute = moment
    when = datetime(year, month, day, hour, minute, tzinfo=PARIS)

    assert said(when, NOW, "fr").replace("\u00a0", " ") == french
    assert said(when, NOW, "en").replace("\u00a0", " ") == english
    assert said(when, NOW, "br").replace("\u00a0", " ") == breton


@pytest.mark.parametrize(
    ("gone", "french", "english", "breton"),
    [
        (0, "aujourd’hui", "today", "hiziv"),
        (1, "hier", "yesterday", "dec’h"),
        (2, "samedi", "Saturday", "disadorn"),
        (20, "le 3 novembre", "3 November", "an 3 a viz Du"),
    ],
)
def test_a_day_is_said_after_since(gone, french, english, breton):
    day, today = NOW.date() - timedelta(days=gone), NOW.date()

    assert said_day(day, today, "fr").replace("\u00a0", " ") == french
    assert said_day(day, today, "en").replace("\u00a0", " ") == english
    assert said_day(day, today, "br").replace("\u00a0", " ") == breton


def test_a_time_element_carries_the_exact_moment():
    html = rendered("{% when moment %}", moment=datetime(2024, 3, 3, 7, 0, tzinfo=UTC))

    assert 'datetime="2024-03-03T08:00:00+01:00"' in html
    assert "le 3\u00a0mars 2024</time>" in html


def test_no_moment_is_no_element():
    assert rendered("{% when moment %}", moment=None) == ""


def test_breton_dates_are_django_formats_too():
    day = date(2026, 3, 3)
    with translation.override("br"):
        assert rendered("{{ day|date }}", day=day) == "3 a viz Meurzh 2026"
        assert rendered("{{ at|time }}", at=NOW) == "14e10"
    assert day_words(day, "br", year=True) == "3 a viz Meurzh 2026"


# --- Shapes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "count", "letters"),
    [
        ("Repères dans la cité", 2, "RC"),
        ("Les Petits Débrouillards de Bellevue et du Bergot", 2, "PD"),
        ("L’Atelier", 2, "A"),
        ("Habitante de Kérourien", 1, "H"),
        ("élan", 1, "É"),
        ("Du", 2, "D"),
        ("★", 2, "?"),
    ],
)
def test_initials_come_from_the_words_that_carry_meaning(name, count, letters):
    assert initials(name, count) == letters


def test_a_group_is_a_hexagon_and_a_person_a_disc(city):
    assert 'class="cell"' in rendered("{% shape actor %}", actor=city.garden.actor)
    assert 'class="cell cell-l"' in rendered("{% cell group 'l' %}", group=city.garden)
    assert 'class="disc"' in rendered("{% shape actor %}", actor=city.member.actor)


def test_a_group_has_one_ink_whoever_draws_it(city):
    from_group = rendered("{% cell group %}", group=city.garden)

    assert from_group == rendered("{% cell group %}", group=city.garden.actor)
    assert f'data-ink="{city.garden.actor_id % 5 + 1}"' in from_group


def test_a_name_cannot_bring_markup(city):
    city.member.actor.name = "<script>"

    assert "<script" not in rendered("{% disc actor %}", actor=city.member.actor)


def test_every_icon_is_hidden_from_screen_readers():
    for name in ICONS:
        assert 'aria-hidden="true"' in rendered(f'{{% icon "{name}" %}}')


def test_an_unknown_icon_is_said_at_once():
    with pytest.raises(KeyError):
        rendered('{% icon "unicorn" %}')


# --- Reach -------------------------------------------------------------------------


@pytest.mark.parametrize("level", range(6))
def test_as_many_cells_are_full_as_the_level(level):
    full = five_cells(level).split('fill="currentColor"')
    drawn = full[1].split("/>")[0].count("M") if len(full) > 1 else 0

    assert drawn == level


def test_a_group_caps_what_is_said_of_the_reach():
    closed = Group(visibility=Visibility.CLOSED)
    publication = Publication(group=closed, level=Level.PUBLIC)

    assert reach_sentence(publication) == "Visible par les membres"
    assert reach_sentence(Publication(level=Level.PUBLIC)) == "Visible par tout le monde"


def test_what_stays_out_of_lists_says_so():
    discreet = Publication(level=Level.PUBLIC, discreet=True)

    assert reach_sentence(discreet) == "Visible par tout le monde, hors des listes"


# --- The comb ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "active", "lit"), [(0, 0, 0), (312, 0, 0), (312, 1, 1), (312, 51, 8), (5, 5, 48)]
)
def test_the_lit_share_is_the_share_that_wrote(groups, active, lit):
    assert lit_cells(groups, active) == lit


def test_the_city_is_the_same_all_day_and_another_tomorrow():
    today = city_comb(312, 51, date(2026, 11, 23))

    assert today == city_comb(312, 51, date(2026, 11, 23))
    assert today != city_comb(312, 51, date(2026, 11, 24))
    assert today.count("M") == 48


# --- Addresses -----------------------------------------------------------------------


def test_a_number_can_be_called():
    assert tel("02 61 91 48 48") == "tel:+33261914848"
    assert tel("+44 20 7946 0000") == "tel:+442079460000"
    assert tel("115") == "tel:115"


@pytest.mark.parametrize(
    ("tags", "address"),
    [("undo /p/1/retablir", "/p/1/retablir"), ("undo //ailleurs.example", ""), ("", "")],
)
def test_undo_leads_to_a_path_of_ours_alone(tags, address):
    assert undo_address(Message(20, "Supprimé", extra_tags=tags)) == address


# --- Fields --------------------------------------------------------------------------


class AForm(forms.Form):
    name = forms.CharField(label="Votre nom", help_text="Un prénom suffit.")
    email = forms.EmailField(required=False)
    code = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )
    words = forms.CharField(required=False, widget=forms.Textarea(attrs={"placeholder": "Ici"}))
    door = forms.ChoiceField(
        label="Où êtes-vous ?",
        choices=[("home", "Chez moi"), ("papi", "Dans un point d’accès")],
        widget=forms.RadioSelect,
    )
    rules = forms.BooleanField(label="J’ai lu les règles", help_text="Il y en a cinq.")
    hidden = forms.CharField(required=False, widget=forms.HiddenInput)


def test_a_field_says_label_hint_error_input_in_this_order():
    html = rendered("{% field form.name %}", form=AForm({}))

    places = [html.index(f'class="{part}') for part in ("label", "hint", "error", "input")]
    assert places == sorted(places)
    assert 'aria-describedby="id_name-hint id_name-error"' in html
    assert 'aria-invalid="true"' in html


def test_a_field_without_fault_says_nothing_of_faults():
    html = rendered("{% field form.name %}", form=AForm())

    assert "aria-invalid" not in html
    assert 'aria-describedby="id_name-hint"' in html


def test_radio_buttons_are_rows_that_say_what_each_means():
    form = AForm({})
    helps = {"papi": "Rien n’est gardé."}
    form.fields["door"].choice_help = helps  # type: ignore[attr-defined]

    html = rendered("{% field form.door %}", form=form)

    assert html.count('class="choice"') == 2
    assert "<small>Rien n’est gardé.</small>" in html
    assert 'role="radiogroup" aria-invalid="true"' in html
    assert "Où êtes-vous\u202f?" in html


def test_a_keyboard_is_offered_what_the_field_is_for():
    form = AForm()

    assert 'inputmode="email"' in rendered("{% field form.email %}", form=form)
    assert 'inputmode="numeric"' in rendered("{% field form.code %}", form=form)
    assert "input-code" in rendered("{% field form.code %}", form=form)


def test_a_label_stays_where_a_placeholder_would_vanish():
    assert "placeholder" not in rendered("{% field form.words %}", form=AForm())


def test_what_one_typed_is_kept_and_escaped():
    form = AForm({"name": '"><script>'})

    assert "<script>" not in rendered("{% field form.name %}", form=form)
    assert "&quot;&gt;&lt;script&gt;" in rendered("{% field form.name %}", form=form)


def test_the_words_and_attributes_of_a_page_win():
    html = rendered('{% field form.name label="Prénom" hint="" data_x="1" %}', form=AForm())

    assert ">Prénom<" in html
    assert 'data-x="1"' in html


def test_optional_is_said_where_something_else_is_needed():
    assert "(facultatif)" in rendered("{% field form.email %}", form=AForm())
    assert "(facultatif)" not in rendered("{% field form.name %}", form=AForm())


def test_a_field_that_the_form_lacks_shows_nothing():
    assert rendered("{% field form.unknown %}", form=AForm()).strip() == ""
    assert 'type="hidden"' in rendered("{% field form.hidden %}", form=AForm())


def test_the_summary_leads_to_each_field_to_mend():
    form = AForm({"email": "rien"})

    html = rendered("{% form_errors form %}", form=form)

    assert 'role="alert"' in html
    assert "4 choses à corriger" in html
    for field in ("name", "email", "door", "rules"):
        assert f'href="#id_{field}"' in html
    assert 'id="id_door"' in rendered("{% field form.door %}", form=form)


def test_a_form_that_is_right_or_new_has_no_summary():
    assert rendered("{% form_errors form %}", form=AForm()).strip() == ""
    right = AForm({"name": "Léa", "door": "home", "rules": "on"})
    assert rendered("{% form_errors form %}", form=right).strip() == ""


def test_the_summary_names_the_field_where_the_words_alone_would_not():
    class Twice(forms.Form):
        dish = forms.CharField(label="Quel plat ?")
        day = forms.CharField(label="Quel jour ?")

    for name in ("dish", "day"):
        Twice.base_fields[name].error_messages["required"] = "Une réponse courte suffit."
    html = rendered("{% form_errors form %}", form=Twice({}))

    assert re.findall(r">([^<>]*suffit\.)</a>", html.replace("\u202f", " ")) == [
        "Quel plat ? Une réponse courte suffit.",
        "Quel jour ? Une réponse courte suffit.",
    ]


@pytest.mark.parametrize(
    ("words", "after_a_colon"),
    [("Les 8 membres", "les 8 membres"), ("Élus et agents", "élus et agents"), ("", "")],
)
def test_words_lose_their_capital_after_a_colon(words, after_a_colon):
    assert rendered("{{ words|uncapped }}", words=words) == after_a_colon


def test_a_small_hexagon_has_the_ink_of_its_group(city):
    small = rendered("{% hexagon group %}", group=city.garden)

    assert f'data-ink="{city.garden.actor_id % 5 + 1}"' in small
    assert 'aria-hidden="true"' in small
