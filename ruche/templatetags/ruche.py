"""The grammar of the pages: shapes, reach, fields, dates and French typography. Builtins."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import template
from django.forms import BaseForm, BoundField
from django.forms.widgets import CheckboxInput, ChoiceWidget, FileInput, HiddenInput, Input, Select
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeData, SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext

from accounts.models import Actor, ActorType
from groups.models import Group, Level, Publication
from groups.nearby import distance_words
from ruche.core import drawings
from ruche.core.html import excerpt
from ruche.core.moments import (
    day_in_week,
    language_of,
    leaf_words,
    month_of,
    plain_hour,
    said,
    said_day,
    said_in_full,
    said_span,
    week_heads,
    weekday_words,
)
from ruche.core.stems import around, marked
from ruche.core.typography import french_spaces, french_spaces_in_html

register = template.Library()

CELL_INKS = 5
_CELL_SIZES = {"": "", "s": " cell-s", "l": " cell-l"}
# Words that give no initial: articles and the like, with or without apostrophe.
_SMALL_WORDS = frozenset(
    [
        "le",
        "la",
        "les",
        "un",
        "une",
        "des",
        "de",
        "du",
        "d",
        "l",
        "et",
        "à",
        "au",
        "aux",
        "en",
        "dans",
        "pour",
        "sur",
        "par",
        "the",
        "of",
        "and",
        "in",
        "ar",
        "an",
        "al",
        "ur",
        "un",
        "ul",
        "ha",
    ]
)
_LANGUAGES_WITH_FRENCH_SPACES = ("fr", "br")


# --- Drawings ------------------------------------------------------------------


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon, beside a word always. Raises KeyError for a name that ``drawings`` lacks."""
    return mark_safe(drawings.icon(name))  # noqa: S308 - our own drawing


@register.simple_tag
def cells(level: int) -> SafeString:
    """The five cells alone: a sentence must stand beside."""
    return mark_safe(drawings.five_cells(level))  # noqa: S308 - our own drawing


@register.simple_tag
def city_comb(groups_total: int, active_today: int) -> SafeString:
    return mark_safe(  # noqa: S308 - our own drawing
        drawings.city_comb(groups_total, active_today, timezone.localdate())
    )


def initials(name: str, count: int) -> str:
    """``count`` capitals of the first words that carry meaning: "Repères dans la cité" is RC."""
    words = name.replace("’", " ").replace("'", " ").replace("-", " ").split()
    letters = [word for word in words if word[0].isalnum()]
    strong = [word for word in letters if word.lower() not in _SMALL_WORDS] or letters or ["?"]
    return "".join(word[0] for word in strong[:count]).upper()


@register.simple_tag
def cell(group: Group | Actor, size: str = "") -> SafeString:
    """The hexagon of a group (or of its actor); its name must stand beside."""
    actor = group.actor if isinstance(group, Group) else group
    return format_html(
        '<span class="cell{}" data-ink="{}" aria-hidden="true">{}</span>',
        _CELL_SIZES[size],
        actor.pk % CELL_INKS + 1,
        initials(actor.name or actor.handle, 2),
    )


@register.simple_tag
def hexagon(group: Group) -> SafeString:
    """A small hexagon in the ink of a group, inside a line; its name must stand beside."""
    return format_html(
        '<span class="hexagon" data-ink="{}" aria-hidden="true"></span>',
        group.actor_id % CELL_INKS + 1,
    )


@register.simple_tag
def disc(actor: Actor) -> SafeString:
    """The disc of a person; their name must stand beside."""
    return format_html(
        '<span class="disc" aria-hidden="true">{}</span>', initials(actor.name or actor.handle, 1)
    )


@register.simple_tag
def shape(actor: Actor) -> SafeString:
    return cell(actor) if actor.type == ActorType.GROUP else disc(actor)


# --- Reach ---------------------------------------------------------------------


def reach_sentence(publication: Publication) -> str:
    """Who may read, in a full sentence. Source: decisions.md, visibility."""
    group = publication.group
    level = publication.level if group is None else min(publication.level, group.cap)
    if level == Level.PUBLIC and publication.discreet:
        return gettext("Visible par tout le monde, hors des listes")
    sentences = {
        Level.DRAFT: gettext("Brouillon, que personne d’autre ne lit"),
        Level.ORGANISERS: gettext("Visible par les organisateurs")
        if group
        else gettext("Visible par les personnes nommées"),
        Level.MEMBERS: gettext("Visible par les membres")
        if group
        else gettext("Visible par ses abonnés"),
        Level.CITY: gettext("Visible par les inscrits de La Ruche"),
        Level.PARTNERS: gettext("Visible dans les villes partenaires"),
        Level.PUBLIC: gettext("Visible par tout le monde"),
    }
    return sentences[Level(level)]


@register.simple_tag
def reach(publication: Publication) -> SafeString:
    """Five cells and the sentence, capped by the group as reading is."""
    group = publication.group
    level = publication.level if group is None else min(publication.level, group.cap)
    return format_html('<span class="reach">{}{}</span>', cells(level), reach_sentence(publication))


# --- Words and moments -----------------------------------------------------------


@register.filter(needs_autoescape=True)
def typo(text: Any, language: str = "", autoescape: bool = True) -> str:
    """
    French spaces, in text or in sanitised HTML.

    ``language`` is the text's own; without it, the page's. English is left as it is.
    """
    if text is None:
        return ""
    is_html = isinstance(text, SafeData)
    words = str(text) if is_html or not autoescape else conditional_escape(text)
    if language_of(language or get_language()) in _LANGUAGES_WITH_FRENCH_SPACES:
        words = french_spaces_in_html(words) if autoescape or is_html else french_spaces(words)
    return mark_safe(words) if autoescape or is_html else words  # noqa: S308 - escaped above


@register.filter
def uncapped(words: str) -> str:
    """``words`` as they go on after a colon: without their first capital."""
    words = str(words)
    return words[:1].lower() + words[1:]


@register.simple_tag
def found(text: str, words: tuple[str, ...], length: int = 0) -> SafeString:
    """Plain text with the words that were looked for marked; ``length`` cuts around the first."""
    shown = around(text, words, length) if length else text
    if language_of(get_language()) in _LANGUAGES_WITH_FRENCH_SPACES:
        shown = french_spaces(shown)
    pieces = (
        (format_html("<mark>{}</mark>", piece) if is_asked else piece,)
        for piece, is_asked in marked(shown, words)
    )
    return format_html_join("", "{}", pieces)


@register.filter
def plain(markup: str) -> str:
    """All the words of sanitised HTML, without it."""
    return excerpt(markup, len(markup))


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """``<time>`` with the words a neighbour would say; the exact moment on hover."""
    if moment is None:
        return SafeString("")
    language = language_of(get_language())
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        said_in_full(local, language),
        said(local, timezone.localtime(), language),
    )


@register.simple_tag
def day(moment: datetime) -> SafeString:
    """``<time>`` with the day alone, after a word such as "depuis"."""
    local = timezone.localtime(moment)
    words = said_day(local.date(), timezone.localdate(), language_of(get_language()))
    return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), words)


@register.simple_tag
def leaf(moment: date, *, off: bool = False) -> SafeString:
    """A leaf of the calendar; beside a date in words, so hidden from screen readers."""
    language = language_of(get_language())
    day = moment.date() if isinstance(moment, datetime) else moment
    weekday, number, month = leaf_words(day, language)
    marks = (" today" if day == timezone.localdate() else "") + (" off" if off else "")
    return format_html(
        '<p class="leaf{}" aria-hidden="true">{}<b>{}</b>{}</p>', marks, weekday, number, month
    )


@register.simple_tag
def span(start: datetime, end: datetime, *, short: bool = False) -> SafeString:
    """
    ``<time>`` from a beginning to an end, both in the zone where it happens.

    ``short`` leaves out this year's number, as in a list of what comes soon.
    """
    today = timezone.localdate() if short else None
    words = said_span(start, end, language_of(get_language()), today)
    return format_html('<time datetime="{}">{}</time>', start.isoformat(timespec="minutes"), words)


@register.simple_tag
def weekday(day: date) -> str:
    """``lundi 23 novembre``, with the year only when it is another one."""
    return day_in_week(day, timezone.localdate(), language_of(get_language()))


@register.simple_tag
def month_words(day: date) -> str:
    """``Novembre 2026``."""
    return month_of(day, language_of(get_language()))


@register.simple_tag
def weekday_heads() -> SafeString:
    """The heads of a month's table: two letters, the whole word for screen readers."""
    return format_html_join(
        "",
        '<th scope="col"><abbr title="{}">{}</abbr></th>',
        week_heads(language_of(get_language())),
    )


@register.simple_tag
def day_and_hour(moment: datetime) -> str:
    """``lundi 23 novembre 2026, 14 h 10``, in the zone that ``moment`` bears."""
    return said_in_full(moment, language_of(get_language()))


@register.simple_tag
def hour(moment: datetime) -> str:
    """``14 h``, as clocks at the place show it."""
    return plain_hour(moment, language_of(get_language()))


@register.simple_tag
def distance(metres: float) -> str:
    """``à 600 m``."""
    return distance_words(metres)


@register.simple_tag
def today_in_full() -> str:
    """The dateline: ``Lundi 23 novembre 2026``. No hour: the page may be kept for a while."""
    words = weekday_words(timezone.localdate(), language_of(get_language()))
    return words[0].upper() + words[1:]


@register.filter
def undo_address(message: Any) -> str:
    """The path after ``undo`` in a message's ``extra_tags``; empty for anything but a path."""
    word, _, path = (getattr(message, "extra_tags", "") or "").partition(" ")
    return path if word == "undo" and path.startswith("/") and path[1:2] != "/" else ""


@register.simple_tag
def tel(number: str) -> str:
    """``tel:`` address of a French number as it is printed: "02 61 91 48 48"."""
    digits = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return "tel:" + ("+33" + digits[1:] if len(digits) == 10 and digits[0] == "0" else digits)


# --- Forms -------------------------------------------------------------------------


def _errors_of_fields(form: BaseForm) -> list[dict[str, str]]:
    """A line for each error; those said alike of two fields begin with the field's name."""
    found = [(bound, str(words)) for bound in form for words in bound.errors]
    said = Counter(words for _, words in found)
    return [
        {
            "to": bound.auto_id or bound.html_name,
            "words": words if said[words] == 1 else f"{bound.label} {words}",
        }
        for bound, words in found
    ]


# What a keyboard and a browser should offer for each kind of input, unless the field says.
_INPUT_HINTS: dict[str, dict[str, str]] = {
    "email": {"autocomplete": "email", "inputmode": "email", "autocapitalize": "none"},
    "tel": {"autocomplete": "tel", "inputmode": "tel"},
    "url": {"inputmode": "url", "autocapitalize": "none"},
    "search": {"autocomplete": "off", "enterkeyhint": "search"},
}
_CODE_HINTS = {"inputmode": "numeric", "autocapitalize": "none", "spellcheck": "false"}


def _is_optional(bound: BoundField) -> bool:
    """Whether "(facultatif)" helps: something else is needed, and there is something to fill in."""
    if bound.field.required or isinstance(bound.field.widget, ChoiceWidget):
        return False
    return any(other.field.required for other in bound.form.visible_fields())


@register.inclusion_tag("elements/field.html")
def field(
    bound: BoundField | None,
    label: str = "",
    hint: str = "",
    optional: bool | None = None,
    **attributes: Any,
) -> dict[str, Any]:
    """
    A field in the order label, help, error, input.

    ``label`` and ``hint`` replace the form's words, ``optional=False`` leaves
    "(facultatif)" out where another answer may ask for this one; other
    arguments become attributes (``_`` is ``-``). Radio and checkbox groups are rows of choices;
    a form field's ``choice_help`` (value → sentence) says what each one means.
    Nothing is shown for a field that the form lacks.
    """
    if not isinstance(bound, BoundField):
        return {"kind": "none"}
    widget = bound.field.widget
    name = bound.auto_id or bound.html_name
    hint = hint or str(bound.help_text or "")
    described = " ".join(
        part for part, there in ((f"{name}-hint", hint), (f"{name}-error", bound.errors)) if there
    )
    context = {
        "kind": _kind(widget),
        "bound": bound,
        "id": name,
        "label": label or bound.label,
        "hint": hint,
        "described": described,
        "optional": _is_optional(bound) if optional is None else optional,
    }
    attrs = {key.replace("_", "-"): value for key, value in attributes.items()}
    if context["kind"] == "choices":
        helps: Mapping[Any, str] = getattr(bound.field, "choice_help", {})
        context["radio"] = getattr(widget, "input_type", "") == "radio"
        context["choices"] = [
            {"row": row, "help": helps.get(_plain_value(row), "")} for row in bound.subwidgets
        ]
    else:
        context["input"] = bound.as_widget(attrs=_attributes(bound, described, attrs))
    return context


def _plain_value(row: Any) -> str:
    value = row.data["value"]
    return str(getattr(value, "value", value))


def _kind(widget: Any) -> str:
    if isinstance(widget, HiddenInput) or getattr(widget, "is_hidden", False):
        return "hidden"
    if isinstance(widget, CheckboxInput):
        return "checkbox"
    if isinstance(widget, ChoiceWidget) and not isinstance(widget, Select):
        return "choices"
    return "input"


def _attributes(bound: BoundField, described: str, given: dict[str, Any]) -> dict[str, Any]:
    widget = bound.field.widget
    own = widget.attrs
    attrs: dict[str, Any] = {}
    kind = _kind(widget)
    if kind == "hidden":
        return given
    if kind == "input":
        classes = ["input", own.get("class", ""), given.pop("class", "")]
        if own.get("autocomplete") == "one-time-code":
            attrs.update(_CODE_HINTS)
            classes.append("input-code")
        input_type = widget.input_type if isinstance(widget, Input) else ""
        attrs.update(_INPUT_HINTS.get(input_type or "", {}))
        attrs["class"] = " ".join(word for word in classes if word)
    attrs = {key: value for key, value in attrs.items() if key == "class" or key not in own}
    # The label says it: a placeholder vanishes when one starts to write.
    if own.get("placeholder") and not isinstance(widget, FileInput):
        attrs["placeholder"] = False
    if described:
        attrs["aria-describedby"] = described
    if bound.errors:
        attrs["aria-invalid"] = "true"
    return {**attrs, **given}


@register.inclusion_tag("elements/form_errors.html")
def form_errors(*forms: BaseForm | None) -> dict[str, Any]:
    """The summary on top of a form to mend: each line leads to its field."""
    lines: list[dict[str, str]] = []
    for form in forms:
        if not isinstance(form, BaseForm) or not form.is_bound or form.is_valid():
            continue
        lines += [{"to": "", "words": str(words)} for words in form.non_field_errors()]
        lines += _errors_of_fields(form)
    title = ngettext("Une chose à corriger", "%(count)s choses à corriger", len(lines))
    return {"lines": lines, "title": title % {"count": len(lines)}}
