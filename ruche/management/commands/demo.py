"""Fill a demonstration city: who, which ruches, what was said there these last days."""

import sys
from argparse import ArgumentParser
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from accounts.acting import Acting
from accounts.actions.accounts import create_account, edit_profile
from accounts.actions.follows import follow
from accounts.actions.security import set_password
from accounts.actions.structures import name_manager, open_structure
from accounts.models import Structure, User
from groups.actions.attachments import attach_picture
from groups.actions.attendances import attend
from groups.actions.events import EventPlan, add_session, cancel_event, schedule_event
from groups.actions.groups import answer_group_request, create_group
from groups.actions.memberships import accept_request, join, make_organiser
from groups.actions.places import add_place
from groups.actions.publications import pin_publication, publish_note
from groups.actions.reactions import like
from groups.actions.series import Recurrence, schedule_series
from groups.models import (
    Event,
    Group,
    GroupState,
    Membership,
    MembershipState,
    Place,
    Publication,
    Theme,
)
from ruche.core.pictures import PictureRefused
from ruche.management.demo import brest
from ruche.management.demo.crowd import Crowd

PICTURES = Path(brest.__file__).parent
PICTURE_TRIES = 3


class Command(BaseCommand):
    help = "Remplit la ville de démonstration. Le refaire ne double rien."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--scale",
            type=int,
            default=1,
            metavar="N",
            help="multiplie personnes, ruches et messages (1 : la ville telle qu’elle est écrite)",
        )

    def handle(self, *args: Any, scale: int, **options: Any) -> None:
        if not settings.RUCHE_DEMO:
            raise CommandError("La démonstration demande RUCHE_DEMO=1.")
        with translation.override("fr"):
            City(settings.RUCHE_DEMO_PASSWORD).build()
            if scale > 1:
                Crowd(scale, progress=self._progress).build()

    def _progress(self, words: str, done: int, total: int) -> None:
        if not sys.stderr.isatty() and done < total:
            return
        cells = "⬢" * (20 * done // max(total, 1))
        end = "\n" if done >= total else ""
        self.stderr.write(f"\r{words} {cells:⬡<20} {done}/{total}", ending=end)
        self.stderr.flush()


class City:
    """Builds what is missing, through the same actions as everybody."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.now = timezone.now()
        self.users: dict[str, User] = {}

    def build(self) -> None:
        for person in brest.PEOPLE:
            self.users[person.handle] = self._person(person)
        structures = {handle: self._structure(handle, *rest) for handle, *rest in brest.STRUCTURES}
        for person in brest.PEOPLE:
            if person.acts_for:
                name_manager(
                    Acting.system("demonstration"),
                    structure=structures[person.acts_for],
                    user=self.users[person.handle],
                    role=person.acts_as,
                )
        for ruche in brest.RUCHES:
            if not Group.objects.filter(actor__handle=ruche.handle).exists():
                self._ruche(ruche, structures.get(ruche.structure))
        for asker, handle, name, summary, because in brest.ASKED:
            if not Group.objects.filter(actor__handle=handle).exists():
                create_group(
                    self._acting(asker),
                    name=name,
                    handle=handle,
                    summary=summary,
                    asked_because=because,
                )
        for note in brest.CITY_NOTES:
            if not Publication.objects.filter(source=note.words).exists():
                self._note(note, None)
        for meeting in brest.MEETINGS:
            if not Event.objects.upcoming().filter(name=meeting.name).exists():
                self._meeting(meeting)
        for target in ("mediatrice", "animatrice"):
            follow(self._acting("habitante"), target=self.users[target].actor)

    def _acting(self, handle: str) -> Acting:
        return Acting.person(self.users[handle], via="command")

    def _person(self, person: brest.Person) -> User:
        standing = User.objects.filter(handle=person.handle).select_related("actor").first()
        if standing is not None:
            if not standing.check_password(self.password):
                system = Acting.system("demonstration")
                set_password(system, user=standing, password=self.password)
            return standing
        user = create_account(
            Acting.system("demonstration"),
            name=person.name,
            handle=person.handle,
            email=f"{person.handle}@courriel.example",
            password=self.password,
            city_role=person.city_role,
            is_demo=True,
            language="fr",
        )
        edit_profile(
            Acting.person(user, via="command"),
            name=person.name,
            summary=person.summary,
            discoverable=person.discoverable,
            approves_followers=False,
        )
        return user

    def _structure(self, handle: str, name: str, kind: str) -> Structure:
        standing = Structure.objects.filter(actor__handle=handle).first()
        if standing is not None:
            return standing
        system = Acting.system("demonstration")
        return open_structure(system, name=name, kind=kind, handle=handle)

    def _ruche(self, ruche: brest.Ruche, structure: Structure | None) -> None:
        first, *others = ruche.organisers
        group = create_group(
            self._acting(first),
            name=ruche.name,
            handle=ruche.handle,
            summary=ruche.summary,
            visibility=ruche.visibility,
            join_policy=ruche.join_policy,
            posting_policy=ruche.posting_policy,
            sensitive=ruche.sensitive,
            rules=ruche.rules,
            questions=ruche.questions,
            themes=Theme.objects.filter(pk__in=ruche.themes),
            structure=structure,
        )
        if group.state == GroupState.ASKED:
            answer_group_request(self._acting("administratrice"), group=group, accept=True)
            group.refresh_from_db()
        for handle in (*others, *ruche.members):
            self._member(group, first, handle)
        for handle in others:
            membership = Membership.objects.get(group=group, actor__handle=handle)
            make_organiser(self._acting(first), membership=membership)
        for handle, answers in ruche.asking:
            join(self._acting(handle), group=group, answers=answers, accepts_rules=True)
        for note in sorted(ruche.notes, key=lambda note: -note.ago):
            self._note(note, group)

    def _member(self, group: Group, organiser: str, handle: str) -> None:
        if group.join_policy == "invitation":
            Membership.objects.get_or_create(
                actor=self.users[handle].actor,
                group=group,
                defaults={"state": MembershipState.INVITED},
            )
        membership = join(self._acting(handle), group=group, answers=["", ""], accepts_rules=True)
        if membership.state == MembershipState.ASKED:
            accept_request(self._acting(organiser), membership=membership)

    def _picture(self, acting: Acting, note: brest.Note) -> list[str]:
        """Its token. On a machine that stays too busy the note goes without: the city opens."""
        for _ in range(PICTURE_TRIES):
            file = ContentFile((PICTURES / note.picture).read_bytes(), name=note.picture)
            try:
                return [attach_picture(acting, file=file, description=note.describes).token]
            except PictureRefused as refusal:
                print(f"{note.picture} : {refusal}", file=sys.stderr)
        return []

    def _note(self, note: brest.Note, group: Group | None) -> None:
        acting = self._acting(note.author)
        pictures = []
        if note.picture:
            pictures = self._picture(acting, note)
        published = self._ago(note.ago)
        row = publish_note(
            acting,
            group=group,
            source=note.words,
            level=note.level,
            pictures=pictures,
            published=published,
        )
        for author, after, words in note.replies:
            publish_note(
                self._acting(author),
                group=group,
                source=words,
                level=note.level,
                in_reply_to=row,
                published=min(published + timedelta(minutes=after), self.now),
            )
        for handle in note.thanks:
            like(self._acting(handle), publication=row)
        if note.pinned and group is not None:
            pin_publication(acting, publication=row)

    def _meeting(self, meeting: brest.Meeting) -> None:
        ruche = next(ruche for ruche in brest.RUCHES if ruche.handle == meeting.ruche)
        acting = self._acting(ruche.organisers[0])
        zone = ZoneInfo(settings.TIME_ZONE)
        day = timezone.localdate(timezone=zone) + timedelta(days=meeting.in_days)
        last = day + timedelta(days=meeting.lasts_days - 1)
        plan = EventPlan(
            name=meeting.name,
            starts_at=datetime.combine(day, time.fromisoformat(meeting.begins), zone),
            ends_at=datetime.combine(last, time.fromisoformat(meeting.ends), zone),
            timezone=settings.TIME_ZONE,
            place=self._place(meeting.place),
            online_url=meeting.online_url,
            capacity=meeting.capacity,
            guests_most=meeting.guests_most,
            open_to_all=meeting.open_to_all,
        )
        said: dict[str, Any] = {
            "group": Group.objects.select_related("actor").get(actor__handle=meeting.ruche),
            "plan": plan,
            "source": meeting.words,
            "level": meeting.level,
            "published": self._ago(2 * brest.DAY + 5 * brest.HOUR * meeting.in_days),
        }
        if meeting.rhythm:
            series = schedule_series(acting, recurrence=Recurrence(meeting.rhythm), **said)
            event = series.occurrences.upcoming()[0]
        else:
            event = schedule_event(acting, **said)
        for handle in meeting.coming:
            attend(self._acting(handle), event=event)
        for session in meeting.sessions:
            self._session(acting, event, session)
        if meeting.cancelled:
            cancel_event(acting, event=event, reason=meeting.cancelled)

    def _session(self, acting: Acting, parent: Event, session: brest.Session) -> None:
        day = parent.starts_local.date() + timedelta(days=session.day - 1)
        event = add_session(
            acting,
            parent=parent,
            plan=EventPlan(
                name=session.name,
                starts_at=datetime.combine(day, time.fromisoformat(session.begins), parent.zone),
                ends_at=datetime.combine(day, time.fromisoformat(session.ends), parent.zone),
                timezone=parent.timezone,
                place=parent.place,
                room=session.room,
                capacity=session.capacity,
            ),
            source=session.words,
        )
        for handle in session.coming:
            attend(self._acting(handle), event=event)

    def _place(self, name: str) -> Place | None:
        known = {place[0]: place for place in brest.PLACES}
        if name not in known:
            return None
        _, address, quarter, latitude, longitude, access = known[name]
        return add_place(
            self._acting("administratrice"),
            name=name,
            address=address,
            quarter=quarter,
            latitude=latitude,
            longitude=longitude,
            access=access,
        )

    def _ago(self, minutes: int) -> datetime:
        return self.now - timedelta(minutes=minutes)
