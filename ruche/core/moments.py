"""A moment as a neighbour would say it: "à 13 h 58", "hier à 18 h 05", "samedi à 17 h 40"."""

from datetime import date, datetime, timedelta

_NB = "\u00a0"

_DAYS = {
    "fr": ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    # As adverbs: "on Monday" is "dilun".
    "br": ["dilun", "dimeurzh", "dimerc’her", "diriaou", "digwener", "disadorn", "disul"],
}
_MONTHS = {
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "br": [
        "Genver",
        "C’hwevrer",
        "Meurzh",
        "Ebrel",
        "Mae",
        "Mezheven",
        "Gouere",
        "Eost",
        "Gwengolo",
        "Here",
        "Du",
        "Kerzu",
    ],
}
# Numbers whose Breton name begins with a vowel, n, d, t or h take "an", the others "ar".
_BRETON_AN = {2, 3, 8, 9, 10, 11, 12, 13, 18, 19, 20, 21, 22, 23, 28, 29, 30, 31}


def language_of(code: str | None) -> str:
    """Return the language of ours that ``code`` ("fr-FR") asks for; French when unknown."""
    short = (code or "").split("-")[0]
    return short if short in _DAYS else "fr"


def hour_words(moment: datetime, language: str) -> str:
    """``à 13 h 58``, ``at 1:58 pm``, ``da 13e58``: with the word that goes before."""
    if language == "en":
        half = "am" if moment.hour < 12 else "pm"
        return f"at {moment.hour % 12 or 12}:{moment.minute:02}{_NB}{half}"
    if language == "br":
        return f"da {moment.hour}e{moment.minute:02}" if moment.minute else f"da {moment.hour}e"
    minutes = f"{_NB}{moment.minute:02}" if moment.minute else ""
    return f"à {moment.hour}{_NB}h{minutes}"


def day_words(day: date, language: str, *, year: bool, before: bool = False) -> str:
    """``3 mars`` or ``3 mars 2024``; ``before`` adds the word that goes before ("le")."""
    month = _MONTHS[language][day.month - 1]
    number = str(day.day)
    tail = f" {day.year}" if year else ""
    if language == "br":
        number = "1añ" if day.day == 1 else number
        article = "an" if day.day in _BRETON_AN else "ar"
        words = f"{number} a viz {month}{tail}"
        return f"d’{article} {words}" if before else words
    if language == "fr":
        number = "1er" if day.day == 1 else number
        words = f"{number}{_NB}{month}{tail}"
        return f"le {words}" if before else words
    words = f"{number}{_NB}{month}{tail}"
    return f"on {words}" if before else words


def said(moment: datetime, now: datetime, language: str) -> str:
    """
    Say when ``moment`` is, seen from ``now``; both in the city's time zone.

    The hour stands within the last six days and tomorrow, the year only when
    it is another one.
    """
    day, today = moment.date(), now.date()
    hour = hour_words(moment, language)
    if day == today:
        return hour
    if day == today - timedelta(days=1):
        return {"fr": "hier", "en": "yesterday", "br": "dec’h"}[language] + " " + hour
    if day == today + timedelta(days=1):
        return {"fr": "demain", "en": "tomorrow", "br": "warc’hoazh"}[language] + " " + hour
    if today - timedelta(days=6) <= day < today:
        return f"{_DAYS[language][day.weekday()]} {hour}"
    return day_words(day, language, year=day.year != today.year, before=True)


def said_day(day: date, today: date, language: str) -> str:
    """Say a day after a word such as "depuis": ``hier``, ``samedi``, ``le 3 mars``."""
    near = {
        0: {"fr": "aujourd’hui", "en": "today", "br": "hiziv"},
        1: {"fr": "hier", "en": "yesterday", "br": "dec’h"},
    }
    gone = (today - day).days
    if gone in near:
        return near[gone][language]
    if 1 < gone <= 6:
        return _DAYS[language][day.weekday()]
    words = day_words(day, language, year=day.year != today.year, before=True)
    # After "since", English needs no "on", and Breton its article alone.
    return words.removeprefix("on ").removeprefix("d’")


def said_in_full(moment: datetime, language: str) -> str:
    """``lundi 23 novembre 2026, 14 h 10``, in small letters."""
    hour = hour_words(moment, language).split(" ", 1)[1]
    return f"{weekday_words(moment.date(), language)}, {hour}"


def weekday_words(day: date, language: str) -> str:
    """``lundi 23 novembre 2026``, in small letters."""
    return f"{_DAYS[language][day.weekday()]} {day_words(day, language, year=True)}"


_SHORT_DAYS = {
    "fr": ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    "br": ["lun", "meu", "mer", "yao", "gwe", "sad", "sul"],
}
_SHORT_MONTHS = {
    language: words.split(",")
    for language, words in {
        "fr": "janv.,févr.,mars,avr.,mai,juin,juil.,août,sept.,oct.,nov.,déc.",
        "en": "Jan,Feb,Mar,Apr,May,Jun,Jul,Aug,Sep,Oct,Nov,Dec",
        "br": "Gen.,C’hwe.,Meu.,Ebr.,Mae,Mezh.,Gou.,Eost,Gwen.,Here,Du,Kzu.",
    }.items()
}


def leaf_words(day: date, language: str) -> tuple[str, str, str]:
    """``("mar.", "24", "nov.")``: what stands on a leaf of the calendar."""
    short = _SHORT_MONTHS[language][day.month - 1]
    return _SHORT_DAYS[language][day.weekday()], str(day.day), short


def plain_hour(moment: datetime, language: str) -> str:
    """``14 h``, ``2:00 pm``: without the word that goes before."""
    return hour_words(moment, language).split(" ", 1)[1]


def said_span(start: datetime, end: datetime, language: str, today: date | None = None) -> str:
    """
    ``mardi 24 novembre 2026, 14 h à 16 h``; over several days both days are said.

    Both in the zone of the place where it happens. With ``today``, the year
    is said only when it is another one.
    """

    def words(day: date) -> str:
        return weekday_words(day, language) if today is None else day_in_week(day, today, language)

    to = {"fr": "à", "en": "to", "br": "betek"}[language]
    first = words(start.date())
    if start.date() == end.date():
        return f"{first}, {plain_hour(start, language)} {to} {plain_hour(end, language)}"
    return (
        f"{first}, {plain_hour(start, language)}, {to.replace('à', 'au')} "
        f"{words(end.date())}, {plain_hour(end, language)}"
    )


def day_in_week(day: date, today: date, language: str) -> str:
    """``lundi 23 novembre``; the year only when it is another one than today's."""
    return (
        f"{_DAYS[language][day.weekday()]} {day_words(day, language, year=day.year != today.year)}"
    )


def month_of(day: date, language: str) -> str:
    """``Novembre 2026``, as a title."""
    month = _MONTHS[language][day.month - 1]
    return f"{month[0].upper()}{month[1:]} {day.year}"


def week_heads(language: str) -> list[tuple[str, str]]:
    """``("lundi", "lu")`` and so on: the heads of a month's table, Monday first."""
    return [
        (name, name.removeprefix("d" if language == "br" else "")[:2]) for name in _DAYS[language]
    ]


def weekday_name(day: date, language: str) -> str:
    """``mardi``."""
    return _DAYS[language][day.weekday()]
