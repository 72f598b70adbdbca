"""What a group plans: put in the agenda, changed, moved, cancelled, kept after all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acting import Acting
from groups.access import (
    may_add_session,
    may_run_event,
    may_schedule,
    may_see_group,
    require,
    require_visible,
)
from groups.actions.attendances import held, held_together, promote
from groups.actions.attendees import tell_those_who_come
from groups.actions.holding import hold_standing
from groups.actions.indexing import keep_words
from groups.actions.publications import publish_note
from groups.actions.wording import reword, still_visible
from groups.models import (
    Event,
    EventStatus,
    Group,
    Place,
    Publication,
    next_number,
)
from groups.models.event import CHANGES
from ruche.core.db import atomic
from ruche.core.html import MAX_SOURCE_CHARS, without_controls
from ruche.journal.log import record
from ruche.journal.models import Effect

MAX_HOURS = 24 * 31


@dataclass(frozen=True)
class EventPlan:
    """What organisers say of an event beside its description. Moments are UTC."""

    name: str
    starts_at: datetime
    ends_at: datetime
    timezone: str = "Europe/Paris"
    place: Place | None = None
    online_url: str = ""
    access: str = ""
    capacity: int | None = None
    guests_most: int = 0
    open_to_all: bool = False
    room: str = ""

    def check(self) -> None:
        """Raise ValidationError, by field, for what cannot be."""
        wrong: dict[str, str] = {}
        if not self.name.strip():
            wrong["name"] = _("Donnez un nom à ce rendez-vous.")
        if self.ends_at <= self.starts_at:
            wrong["ends_at"] = _("La fin vient après le début.")
        elif (self.ends_at - self.starts_at).total_seconds() > MAX_HOURS * 3600:
            wrong["ends_at"] = _("Un rendez-vous dure un mois au plus.")
        if self.place is None and not self.online_url:
            wrong["place"] = _("Dites où cela se passe : un lieu, ou un lien.")
        if self.capacity == 0:
            wrong["capacity"] = _(
                "Il faut au moins une place. Laissez vide s’il n’y a pas de limite."
            )
        if wrong:
            raise ValidationError(wrong)

    def values(self) -> dict[str, Any]:
        found = asdict(self) | {"place": self.place}
        found["name"] = " ".join(without_controls(self.name).split())
        found["room"] = " ".join(without_controls(self.room).split())
        return found

    def changes(self, event: Event) -> dict[str, Any]:
        """What it says otherwise than ``event`` stands."""
        values = self.values()
        return {name: value for name, value in values.items() if getattr(event, name) != value}


@atomic()
def schedule_event(
    acting: Acting,
    *,
    group: Group,
    plan: EventPlan,
    source: str,
    level: int,
    language: str = "",
    discreet: bool = False,
    pictures: Sequence[str] = (),
    once: str = "",
    published: datetime | None = None,
) -> Event:
    """
    Put an event in the agenda of a group; ``source`` describes it (Markdown).

    The same press of the button makes one event. ``published`` as for ``publish_note``.
    Raises NotVisible, PermissionDenied; ValidationError by field. Source: FEP-8a8e.
    """
    require_visible(may_see_group(acting, group))
    require(may_schedule(acting, group))
    plan.check()
    said = publish_note(
        acting,
        group=group,
        source=source.strip() or plan.name,
        level=level,
        language=language,
        discreet=discreet,
        pictures=pictures,
        once=once,
        published=published,
    )
    return _planned(said, plan)


@atomic()
def add_session(
    acting: Acting,
    *,
    parent: Event,
    plan: EventPlan,
    source: str,
    pictures: Sequence[str] = (),
    once: str = "",
) -> Event:
    """
    Add a session to the programme of ``parent``: an event of its own, no wider than that.

    Raises NotVisible, PermissionDenied; ValidationError by field. Source:
    schema.org subEvent.
    """
    require_visible(still_visible(acting, parent.publication))
    group = parent.publication.group
    hold_standing(acting, group)
    parent = held(parent)
    # Whoever narrows the programme at this moment is heard.
    whole = Publication.objects.select_for_update(no_key=True).get(pk=parent.pk)
    require(may_add_session(acting, parent))
    plan.check()
    check_within(parent, plan)
    said = publish_note(
        acting,
        group=group,
        source=source.strip() or plan.name,
        level=whole.level,
        discreet=whole.discreet,
        language=whole.language,
        pictures=pictures,
        once=once,
        part_of=whole,
    )
    return _planned(said, plan, parent=parent)


@atomic()
def edit_event(
    acting: Acting, *, event: Event, plan: EventPlan, source: str | None = None, reason: str = ""
) -> Event:
    """
    Change an event. Those who come are told once if its moment or its place changed.

    ``source`` describes it anew, ``reason`` is what is said to them. More seats
    let in those who wait; fewer put nobody out. Raises NotVisible,
    PermissionDenied; ValidationError by field.
    """
    require_visible(still_visible(acting, event.publication))
    plan.check()
    hold_standing(acting, event.publication.group)
    event = held(event)
    require(may_run_event(acting, event))
    changed = plan.changes(event)
    if event.parent is not None:
        check_within(event.parent, plan)
    reworded = source is not None and _describe(acting, event, source)
    if not changed and not reworded:
        return event
    if event.series_id is not None:
        alone = {*event.changed_alone, *changed, *(["source"] if reworded else [])}
        event.changed_alone = sorted(alone)
    if change(acting, event, changed, reason):
        tell_those_who_come(acting, event, Effect.UPDATE)
    return event


@atomic()
def cancel_event(acting: Acting, *, event: Event, reason: str, with_sessions: bool = True) -> Event:
    """
    Say that it will not take place; everybody who answered is told once.

    The sessions of its programme are cancelled with it unless that is not
    wanted. Cancelled already: nothing happens. Raises NotVisible,
    PermissionDenied; ValidationError without a reason or once it is over.
    """
    require_visible(still_visible(acting, event.publication))
    hold_standing(acting, event.publication.group)
    event = held(event)
    require(may_run_event(acting, event))
    if event.is_cancelled:
        return event
    reason = without_controls(reason).strip()
    if not reason:
        raise ValidationError({"reason": _("Dites pourquoi : une phrase suffit.")})
    if event.is_over:
        raise ValidationError(_("Ce rendez-vous a déjà eu lieu."))
    concerned = [event]
    if with_sessions:
        concerned += held_together(event.sessions.upcoming().filter(status=EventStatus.CONFIRMED))
    now = timezone.now()
    for each in concerned:
        set_status(acting, each, EventStatus.CANCELLED, reason, now)
    tell_those_who_come(acting, event, Effect.CANCEL, concerned)
    return event


@atomic()
def reinstate_event(acting: Acting, *, event: Event) -> Event:
    """
    Keep a cancelled event after all, with the sessions that were cancelled with it.

    Those who were told are told so. Raises NotVisible, PermissionDenied;
    ValidationError once it is over.
    """
    require_visible(still_visible(acting, event.publication))
    hold_standing(acting, event.publication.group)
    event = held(event)
    require(may_run_event(acting, event))
    if not event.is_cancelled:
        return event
    if event.is_over:
        raise ValidationError(_("Ce rendez-vous est passé : créez-en un autre."))
    concerned = [event, *held_together(event.sessions.upcoming().filter(moved_at=event.moved_at))]
    now = timezone.now()
    for each in concerned:
        set_status(acting, each, EventStatus.CONFIRMED, "", now)
    tell_those_who_come(acting, event, Effect.UPDATE, concerned)
    for each in concerned:
        promote(each)
    return event


# --- Steps ---------------------------------------------------------------------


def _planned(said: Publication, plan: EventPlan, parent: Event | None = None) -> Event:
    """The event of what was just said; the same press of the button gives the same one."""
    standing = Event.objects.filter(publication=said).first()
    if standing is not None:
        return standing
    said.type = "Event"
    said.save(update_fields=["type"])
    event = Event.objects.create(
        publication=said, number=next_number("event"), parent=parent, **plan.values()
    )
    keep_words(said)
    return event


def change(acting: Acting, event: Event, values: Mapping[str, Any], reason: str) -> bool:
    """
    Give ``event``, which is held, other ``values``; return whether people must be told.

    What changed is kept for its page; who waits comes in if there are more seats.
    """
    told = [name for name in CHANGES if name in values]
    moved = bool(told) and not event.is_over
    if moved:
        event.before = _as_it_stands(event, told)
        event.reason = without_controls(reason)
        event.moved_at = timezone.now()
    for name, value in values.items():
        setattr(event, name, value)
    event.sequence += 1
    event.save()
    promote(event)
    keep_words(event.publication)
    record_change(acting, event.publication)
    return moved


def check_within(parent: Event, plan: EventPlan) -> None:
    """Raise ValidationError for a session that is not on one of its programme's days."""
    first, last = parent.starts_local.date(), parent.ends_local.date()
    starts, ends = (at.astimezone(parent.zone).date() for at in (plan.starts_at, plan.ends_at))
    if starts < first or ends > last:
        raise ValidationError(
            {"starts_at": _("Une séance a lieu pendant le rendez-vous dont elle fait partie.")}
        )


def _describe(acting: Acting, event: Event, source: str) -> bool:
    """Change the description; say whether it was another one."""
    publication = event.publication
    source = without_controls(source).strip() or event.name
    if source == publication.source:
        return False
    if len(source) > MAX_SOURCE_CHARS:
        raise ValidationError({"source": _("Ce texte est trop long.")})
    reword(acting, publication, source)
    publication.save(update_fields=["source", "content", "updated_at"])
    return True


def _as_it_stands(event: Event, changed: Sequence[str]) -> Mapping[str, str]:
    stood = {name: getattr(event, name) for name in changed}
    return {
        name: value.isoformat() if isinstance(value, datetime) else str(value or "")
        for name, value in stood.items()
    }


def set_status(
    acting: Acting, event: Event, status: EventStatus, reason: str, at: datetime
) -> None:
    """Say of ``event``, which is held, that it takes place or not, as of the moment ``at``."""
    event.status, event.reason = status, reason
    event.moved_at = at
    event.before = {}
    event.sequence += 1
    event.save(update_fields=["status", "reason", "moved_at", "before", "sequence"])
    record_change(acting, event.publication)


def record_change(acting: Acting, publication: Publication) -> None:
    """Write in the journal that what is planned changed."""
    record(
        Effect.UPDATE,
        publication,
        actor_key=acting.actor_key,
        group_key=publication.group_id,
        author_key=publication.author_id,
        root_key=publication.root_key,
        level=publication.level,
        level_before=publication.level,
    )
