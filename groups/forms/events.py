"""What organisers fill in for an event, and what those who come say."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.acting import Acting
from groups.actions.events import EventPlan
from groups.actions.series import MOST_TIMES, Recurrence
from groups.models import Event, Place, Rhythm
from groups.quarters import quarters
from groups.visibility import places_visible_to
from ruche.core.html import MAX_SOURCE_CHARS

NEW_PLACE = "new"
ONLINE = "online"
LONGEST_LIST = 300
# Which occurrences of a series a change is for.
THIS, ONWARD, ALL = "this", "onward", "all"


class EventForm(forms.Form):
    """Everything of an event; moments are typed as clocks in the city show them."""

    name = forms.CharField(
        label=_("Nom du rendez-vous"),
        max_length=120,
        help_text=_("Par exemple : Atelier tablette, écrire à sa famille."),
        error_messages={"required": _("Donnez un nom à ce rendez-vous.")},
    )
    source = forms.CharField(
        label=_("De quoi s’agit-il ?"),
        help_text=_("Pour qui, ce qu’on y fait, ce qu’il faut apporter, si c’est gratuit."),
        required=False,
        max_length=MAX_SOURCE_CHARS,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    day = forms.DateField(
        label=_("Jour"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Choisissez un jour."),
            "invalid": _("Écrivez le jour comme ceci : 24/11/2026."),
        },
    )
    begins = forms.TimeField(
        label=_("Commence à"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": _("Dites à quelle heure cela commence."),
            "invalid": _("Écrivez l’heure comme ceci : 14:30."),
        },
    )
    ends = forms.TimeField(
        label=_("Finit à"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": _("Dites à quelle heure cela finit."),
            "invalid": _("Écrivez l’heure comme ceci : 16:00."),
        },
    )
    last_day = forms.DateField(
        label=_("Dernier jour"),
        help_text=_("Seulement si cela dure plusieurs jours."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Écrivez le jour comme ceci : 24/11/2026.")},
    )
    repeats = forms.ChoiceField(
        label=_("Ce rendez-vous se répète"),
        choices=[("", _("non, une seule fois")), *Rhythm.choices],
        required=False,
        widget=forms.RadioSelect,
    )
    until = forms.DateField(
        label=_("Jusqu’au"),
        help_text=_("Sans date ni nombre de fois, il continue : vous l’arrêtez quand vous voulez."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Écrivez le jour comme ceci : 24/11/2026.")},
    )
    times = forms.IntegerField(
        label=_("Ou combien de fois ?"), required=False, min_value=2, max_value=MOST_TIMES
    )
    where = forms.ChoiceField(label=_("Où ?"), required=False)
    place_name = forms.CharField(label=_("Nom du lieu"), max_length=120, required=False)
    place_address = forms.CharField(
        label=_("Adresse"),
        max_length=200,
        required=False,
        help_text=_("Le numéro, la rue, le quartier."),
    )
    place_quarter = forms.ChoiceField(label=_("Quartier"), required=False)
    room = forms.CharField(
        label=_("Salle, étage ou stand"),
        help_text=_("Ce qui est écrit sur la porte. Le programme est rangé par jour et par salle."),
        max_length=80,
        required=False,
    )
    online_url = forms.URLField(
        label=_("Lien pour suivre à distance"),
        required=False,
        max_length=500,
        assume_scheme="https",
        error_messages={"invalid": _("Ce lien n’est pas complet. Il commence par https://")},
    )
    access = forms.CharField(
        label=_("Comment entre-t-on ?"),
        help_text=_("Marches, ascenseur, toilettes accessibles, arrêt de bus, langue des signes."),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    capacity = forms.IntegerField(
        label=_("Nombre de places"),
        help_text=_("Sans limite, laissez vide. Quand c’est complet, on attend son tour."),
        required=False,
        min_value=1,
        max_value=100_000,
    )
    guests_most = forms.IntegerField(
        label=_("Combien d’autres personnes chacun peut-il amener ?"),
        required=False,
        min_value=0,
        max_value=20,
    )
    scope = forms.ChoiceField(
        label=_("Ce changement vaut pour"),
        choices=[
            (THIS, _("ce rendez-vous seulement")),
            (ONWARD, _("ce rendez-vous et les suivants")),
            (ALL, _("toute la série, à partir d’aujourd’hui")),
        ],
        required=False,
        widget=forms.RadioSelect,
        help_text=_("Ce qui a été changé pour un seul rendez-vous reste comme il est."),
    )
    open_to_all = forms.BooleanField(
        label=_("On peut venir sans compte"),
        help_text=_(
            "Avec un nom et une adresse mail. Seulement si tout le monde peut lire ce rendez-vous."
        ),
        required=False,
    )
    reason = forms.CharField(
        label=_("Un mot pour celles et ceux qui viennent"),
        help_text=_("Si le jour, l’heure ou le lieu change, ce mot part avec."),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(
        self,
        *args: Any,
        acting: Acting,
        event: Event | None = None,
        parent: Event | None = None,
        **kwargs: Any,
    ) -> None:
        """``event`` is changed; ``parent`` gets a session."""
        if event is not None:
            kwargs["initial"] = _as_it_stands(event) | kwargs.get("initial", {})
        elif parent is not None:
            kwargs["initial"] = _as_its_programme(parent)
        super().__init__(*args, **kwargs)
        self.event = event
        self.parent = parent
        where: Any = self.fields["where"]
        where.choices = [
            ("", _("Choisir un lieu")),
            (NEW_PLACE, _("Un autre lieu (à écrire dessous)")),
            (ONLINE, _("À distance seulement")),
            *((str(place.number), str(place)) for place in _places(acting, event or parent)),
        ]
        quarter: Any = self.fields["place_quarter"]
        quarter.choices = [("", _("Je ne sais pas")), *((name, name) for name in quarters())]
        self._leave_out(event, parent)

    def _leave_out(self, event: Event | None, parent: Event | None) -> None:
        """Ask only what the event at hand can be asked."""
        absent = set()
        if event is None:
            absent |= {"reason", "scope"}
        elif event.series_id is None:
            absent |= {"scope"}
        if event is not None or parent is not None:
            absent |= {"repeats", "until", "times"}
        if parent is None and (event is None or event.parent_id is None):
            absent |= {"room"}
        for name in absent:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        where = data.get("where")
        if where == NEW_PLACE or (not where and data.get("place_name")):
            for name in ("place_name", "place_address"):
                if not data.get(name):
                    self.add_error(name, _("Il manque le nom ou l’adresse du lieu."))
        elif where == ONLINE and not data.get("online_url") and "online_url" not in self.errors:
            self.add_error("online_url", _("Donnez le lien qui permet de suivre à distance."))
        elif not where and not data.get("online_url") and "where" not in self.errors:
            self.add_error("where", _("Dites où cela se passe : un lieu, ou un lien."))
        day, last = data.get("day"), data.get("last_day")
        if day and last and last < day:
            self.add_error("last_day", _("Le dernier jour vient après le premier."))
        return data

    @property
    def recurrence(self) -> Recurrence | None:
        """How it comes back; None for what takes place once."""
        data = self.cleaned_data
        if not data.get("repeats"):
            return None
        return Recurrence(data["repeats"], until=data["until"], times=data["times"])

    @property
    def makes_place(self) -> bool:
        data = self.cleaned_data
        return data["where"] == NEW_PLACE or (not data["where"] and bool(data["place_name"]))

    def chosen_place(self) -> Place | None:
        number = self.cleaned_data["where"]
        return Place.objects.get(number=number) if number.isdigit() else None

    def plan(self, place: Place | None) -> EventPlan:
        """What was typed, with its moments in the zone of the event, or the city's."""
        data = self.cleaned_data
        like = self.event or self.parent
        zone = settings.TIME_ZONE if like is None else like.timezone
        start = datetime.combine(data["day"], data["begins"], ZoneInfo(zone))
        end = datetime.combine(data["last_day"] or data["day"], data["ends"], ZoneInfo(zone))
        if end <= start and not data["last_day"]:
            # An evening that goes on after midnight.
            end += timedelta(days=1)
        return EventPlan(
            name=data["name"],
            starts_at=start,
            ends_at=end,
            timezone=zone,
            place=place,
            online_url=data["online_url"],
            access=data["access"],
            capacity=data["capacity"],
            guests_most=data["guests_most"] or 0,
            room=data.get("room", ""),
            open_to_all=bool(data.get("open_to_all")),
        )


def _places(acting: Acting, event: Event | None) -> list[Place]:
    """Places that one knows of, by name; the event's own one in any case."""
    found = list(places_visible_to(acting).order_by("search_text")[:LONGEST_LIST])
    if event is not None and event.place is not None and event.place not in found:
        found.insert(0, event.place)
    return found


def _as_it_stands(event: Event) -> dict[str, Any]:
    start, end = event.starts_local, event.ends_local
    return {
        "name": event.name,
        "source": event.publication.source,
        "day": start.date(),
        "begins": start.time(),
        "ends": end.time(),
        "last_day": end.date() if end.date() != start.date() else None,
        "where": str(event.place.number) if event.place else ONLINE,
        "online_url": event.online_url,
        "access": event.access,
        "capacity": event.capacity,
        "guests_most": event.guests_most,
        "open_to_all": event.open_to_all,
        "room": event.room,
        "scope": THIS,
    }


def _as_its_programme(parent: Event) -> dict[str, Any]:
    return {
        "day": parent.starts_local.date(),
        "where": str(parent.place.number) if parent.place else ONLINE,
        "online_url": "" if parent.place else parent.online_url,
    }


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Pourquoi ?"),
        help_text=_("Celles et ceux qui devaient venir lisent cette phrase."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Dites pourquoi : une phrase suffit.")},
    )
    with_sessions = forms.BooleanField(
        label=_("Annuler aussi les séances du programme"),
        help_text=_("Chaque personne est prévenue une seule fois."),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, sessions: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sessions:
            del self.fields["with_sessions"]


class EndForm(forms.Form):
    """The end of a series."""

    last = forms.DateField(
        label=_("Dernier jour"),
        help_text=_("Les rendez-vous d’après sont annulés."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Choisissez un jour."),
            "invalid": _("Écrivez le jour comme ceci : 24/11/2026."),
        },
    )
    reason = forms.CharField(
        label=_("Pourquoi ?"),
        help_text=_("Celles et ceux qui devaient venir lisent cette phrase."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Dites pourquoi : une phrase suffit.")},
    )


class ComingForm(forms.Form):
    """How many others one brings."""

    guests = forms.TypedChoiceField(
        label=_("Combien serez-vous ?"), coerce=int, required=False, empty_value="0"
    )

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        numbers: Any = self.fields["guests"]
        numbers.choices = [
            (n, _("1 personne") if n == 0 else _("%(n)s personnes") % {"n": n + 1})
            for n in range(most + 1)
        ]
