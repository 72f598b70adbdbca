"""How an event comes back, in words. Builtins."""

from django import template
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _noop

from groups.models import EventSeries, Rhythm
from groups.models.series import LAST_OF_MONTH
from ruche.core.moments import day_words, language_of, plain_hour, weekday_name

register = template.Library()

_OF_THE_MONTH = {
    1: _noop("le premier %(day)s du mois"),
    2: _noop("le deuxième %(day)s du mois"),
    3: _noop("le troisième %(day)s du mois"),
    4: _noop("le quatrième %(day)s du mois"),
    LAST_OF_MONTH: _noop("le dernier %(day)s du mois"),
}


@register.simple_tag
def rhythm(series: EventSeries) -> str:
    """``chaque mardi, de 18 h à 20 h, jusqu’au 3 mars 2027``, in small letters."""
    language = language_of(get_language())
    if series.rhythm == Rhythm.MONTHLY:
        words = gettext(_OF_THE_MONTH[series.month_week])
    elif series.rhythm == Rhythm.FORTNIGHTLY:
        words = gettext("un %(day)s sur deux")
    else:
        words = gettext("chaque %(day)s")
    begins, ends = series.span_on(series.first_day)
    said = gettext("%(rhythm)s, de %(begins)s à %(ends)s") % {
        "rhythm": words % {"day": weekday_name(series.first_day, language)},
        "begins": plain_hour(begins, language),
        "ends": plain_hour(ends, language),
    }
    if series.until is None:
        return said
    day = day_words(series.until, language, year=True)
    return gettext("%(rhythm)s, jusqu’au %(day)s") % {"rhythm": said, "day": day}
