"""
The one home of visibility: who may see which publication and which group.

``visible_to`` filters publications for one reader; ``viewers_of`` filters
readers for one publication. A property test proves that both agree. Nothing
else decides who sees what. Source: decisions.md, visibility.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.acting import Acting
from accounts.models import Actor, ActorType, Block, CityRole, Follow, Manager, User
from accounts.models.follow import FollowState
from accounts.visibility import people_visible_to, voices_of
from groups.models import (
    Appeal,
    Attachment,
    Attendance,
    Audience,
    Event,
    EventSeries,
    Group,
    GroupState,
    Invitation,
    Level,
    Membership,
    MembershipRole,
    MembershipState,
    Place,
    Publication,
    Report,
    ReportState,
    ReportTo,
    Revision,
    Visibility,
)
from groups.models.event import AttendanceQuerySet, EventQuerySet
from groups.models.invitation import hash_of
from ruche.journal.models import Audit

# In ``viewers_of``: a page open without an account.
ANONYMOUS = 0

_STANDING_STATES = [GroupState.OPEN, GroupState.ARCHIVED]

# Caps of a group, taken at each reading: narrowing a group counts at once.
_PUBLIC_GROUP = Q(group=None) | Q(group__visibility=Visibility.PUBLIC)
# What a limited author says stays among members and followers: docs/decisions/0024.
_UNLIMITED = Q(author__limited_at=None)
_PUBLIC_CALM_GROUP = Q(group=None) | Q(group__visibility=Visibility.PUBLIC, group__sensitive=False)


def _standing() -> Q:
    """Neither deleted nor hidden, nor is what it is part of; author and group stand."""
    whole = Publication.objects.filter(pk=OuterRef("part_of"), deleted_at=None, hidden_at=None)
    return (
        Q(deleted_at=None, hidden_at=None)
        & (Q(part_of=None) | Q(Exists(whole)))
        & Q(author__suspended_at=None, author__deleted_at=None)
        & (Q(group=None) | Q(group__state__in=_STANDING_STATES))
    )


def _groups_of(actor: Actor, *, organising: bool = False) -> QuerySet[Membership, Any]:
    memberships = Membership.objects.filter(actor=actor, state=MembershipState.MEMBER)
    if organising:
        memberships = memberships.filter(role=MembershipRole.ORGANISER)
    return memberships.values("group")


def _not_blocked(actor: Actor) -> Q:
    """No block between the reader and the author, either way."""
    return ~Q(Exists(Block.objects.filter(actor=OuterRef("author"), target=actor))) & ~Q(
        Exists(Block.objects.filter(actor=actor, target=OuterRef("author")))
    )


def _readable_by(acting: Acting) -> Q:
    """What the person at the keyboard reads, and what their structures say and are told."""
    if acting.is_system:
        return Q()
    acting = acting.myself
    everybody = Q(level=Level.PUBLIC) & _PUBLIC_CALM_GROUP & _UNLIMITED
    actor = acting.actor
    if actor is None or actor.suspended_at is not None or actor.deleted_at is not None:
        return everybody
    if actor.is_local and not acting.is_signed_in:
        return everybody
    readable = everybody
    # Remote members read only where the group may leave the instance.
    inside = Q(group__in=_groups_of(actor))
    if not actor.is_local:
        inside &= Q(group__sensitive=False)
    readable |= Q(level__gte=Level.MEMBERS) & inside
    followed = Follow.objects.filter(
        follower=actor, target=OuterRef("author"), state=FollowState.ACCEPTED
    )
    readable |= Q(level__gte=Level.MEMBERS, group=None) & Q(Exists(followed))
    voices = voices_of(acting)
    named = Audience.objects.filter(
        Q(actor=actor) | Q(actor__in=voices), publication=OuterRef("pk")
    )
    # In a group: the member whom the organisers answer.
    readable |= Q(level__gte=Level.ORGANISERS) & (Q(group=None) | inside) & Q(Exists(named))
    organised = Q(level__gte=Level.ORGANISERS, group__in=_groups_of(actor, organising=True))
    if not acting.is_signed_in:
        return readable & _not_blocked(actor)
    readable |= Q(level__gte=Level.CITY) & _PUBLIC_GROUP & _UNLIMITED
    # One's own words, but not in a protected group that one has left.
    own = Q(author=actor) | Q(author__in=voices)
    readable |= own & (_PUBLIC_GROUP | Q(group__in=_groups_of(actor)))
    # Who looks after a group sees all of it, whoever blocks whom.
    return (readable & _not_blocked(actor)) | organised


def visible_to(acting: Acting) -> QuerySet[Publication]:
    """
    Publications that ``acting`` may see now. Objects are fetched only from here.

    The condition is built once for each ``acting`` (5 ms of Python, asked for
    several times a page) and put to the database anew at each use.
    """
    condition = acting.__dict__.get("visible_to")
    if condition is None:
        condition = Publication.objects.filter(_standing(), _readable_by(acting))
        acting.__dict__["visible_to"] = condition
    return condition.all()


def revisions_visible_to(acting: Acting, publication: Publication) -> QuerySet[Revision]:
    """
    What ``publication``, which ``acting`` sees, said before: no further than it then went.

    Words that were taken out before it was shown to more people stay with
    their author; so do those said to people by name, who may be others now.
    """
    revisions = publication.revisions.all()
    if acting.is_system or written_by(acting).filter(pk=publication.pk).exists():
        return revisions
    level = publication.level if publication.group is None else publication.group.cap
    level = min(level, publication.level)
    if level <= Level.ORGANISERS and publication.group is None:
        return revisions.none()
    return revisions.filter(level__gte=level)


def listed_for(acting: Acting) -> QuerySet[Publication]:
    """``visible_to``, less what asked to stay out of lists (*discret*), less drafts."""
    return visible_to(acting).filter(discreet=False, level__gte=Level.ORGANISERS)


def messages_found_by(acting: Acting) -> QuerySet[Publication]:
    """What a search gives: from members up, nothing discreet, nothing of a sensitive group."""
    insensitive = Q(group=None) | Q(group__sensitive=False)
    return listed_for(acting).filter(insensitive, level__gte=Level.MEMBERS)


def written_by(acting: Acting) -> QuerySet[Publication]:
    """
    What ``acting`` wrote, even where it can no longer be read, deleted or not.

    So is what a structure said that one acts for; in a protected group of
    others, what one typed oneself. To take words back, never to show them.
    """
    if not acting.is_signed_in or acting.actor is None:
        return Publication.objects.none()
    acting = acting.myself
    assert acting.actor is not None
    near = _PUBLIC_GROUP | Q(group__in=_groups_of(acting.actor)) | Q(written_by=acting.user)
    return Publication.objects.filter(
        Q(author=acting.actor) | Q(author__in=voices_of(acting)) & near
    )


def restorable_by(acting: Acting, *, since: datetime) -> QuerySet[Publication]:
    """
    One's own words taken back after ``since`` that may be put back, and so be shown to one.

    Not what was hidden meanwhile, nor what was but pictures that are gone.
    """
    if not acting.is_signed_in or acting.actor is None:
        return Publication.objects.none()
    here = Q(group=None) | Q(group__state=GroupState.OPEN, group__in=_groups_of(acting.actor))
    says_something = ~Q(source="") | Q(
        Exists(Attachment.objects.filter(publication=OuterRef("pk")))
    )
    return written_by(acting).filter(here, says_something, hidden_at=None, deleted_at__gt=since)


def groups_visible_to(acting: Acting) -> QuerySet[Group]:
    """
    Groups whose existence ``acting`` may know of.

    Hidden ones: their members and whom they invited; given to the city, its
    moderators too, who look for somebody. Those still asked of the city, or
    refused: who asked, and the city's moderators.
    """
    groups = Group.objects.select_related("actor").filter(
        actor__suspended_at=None, actor__deleted_at=None
    )
    if acting.is_system:
        return groups
    acting = acting.myself
    found = Q(state__in=_STANDING_STATES) & Q(visibility__in=[Visibility.PUBLIC, Visibility.CLOSED])
    if acting.actor is None:
        return groups.filter(found)
    known = Membership.objects.filter(
        actor=acting.actor, state__in=[MembershipState.MEMBER, MembershipState.INVITED]
    )
    found |= Q(state__in=_STANDING_STATES, pk__in=known.values("group"))
    if acting.is_signed_in:
        pending = Q(state__in=[GroupState.ASKED, GroupState.REFUSED])
        given = Q(state__in=_STANDING_STATES, ownerless_since__isnull=False)
        found |= (pending | given) if acting.is_moderator else pending & Q(created_by=acting.actor)
    return groups.filter(found)


def groups_found_by(acting: Acting) -> QuerySet[Group]:
    """What a search gives: neither sensitive ones (decision 8) nor hidden ones, even to members."""
    return groups_visible_to(acting).filter(
        state__in=_STANDING_STATES,
        visibility__in=[Visibility.PUBLIC, Visibility.CLOSED],
        sensitive=False,
        actor__domain=None,
    )


def groups_read_by(acting: Acting) -> QuerySet[Group]:
    """Groups whose inside ``acting`` may read: public ones, and those one belongs to."""
    groups = groups_visible_to(acting).filter(state__in=_STANDING_STATES)
    inside = Q(visibility=Visibility.PUBLIC, sensitive=False)
    if acting.is_signed_in:
        inside |= Q(visibility=Visibility.PUBLIC)
    if acting.actor is not None:
        inside |= Q(pk__in=_groups_of(acting.actor))
    return groups.filter(inside)


def invitations_behind(token: str) -> QuerySet[Invitation]:
    """The invitation that a link opens, if it still lets in: holding the token is the right."""
    return (
        Invitation.objects.standing()
        .filter(
            token_hash=hash_of(token),
            group__state=GroupState.OPEN,
            group__actor__suspended_at=None,
            group__actor__deleted_at=None,
        )
        .select_related("group__actor", "created_by")
    )


def attachments_visible_to(acting: Acting) -> QuerySet[Attachment]:
    """Pictures of what one may see or has to judge, and those of one's own drafts."""
    seen = Q(publication__in=visible_to(acting))
    if acting.is_signed_in:
        seen |= Q(publication=None, owner=acting.actor)
        judged = reports_handled_by(acting).filter(state=ReportState.OPEN)
        seen |= Q(publication__in=judged.values("publication"))
    return Attachment.objects.filter(seen)


def own_pictures(acting: Acting) -> QuerySet[Attachment]:
    """One's own pictures: those that wait, and those of one's own words that one still sees."""
    pictures = attachments_visible_to(acting)
    if not acting.is_signed_in:
        return pictures.none()
    return pictures.filter(Q(owner=acting.actor) | Q(publication__in=written_by(acting)))


def events_visible_to(acting: Acting) -> EventQuerySet:
    """Events of publications that ``acting`` may see; ``listed_for`` them in agendas."""
    return Event.objects.filter(publication__in=visible_to(acting).values("pk"))


def series_visible_to(acting: Acting) -> QuerySet[EventSeries]:
    """Series whose publication ``acting`` may see."""
    return EventSeries.objects.filter(publication__in=visible_to(acting).values("pk"))


def events_listed_for(acting: Acting) -> EventQuerySet:
    """``events_visible_to``, less what asked to stay out of lists (*discret*)."""
    return Event.objects.filter(publication__in=listed_for(acting).values("pk"))


def events_answered_by(acting: Acting) -> EventQuerySet:
    """Events to which ``acting`` answered, in sight or not: of the latter the moment is told."""
    mine = Attendance.objects.filter(actor=acting.actor or 0)
    return Event.objects.filter(pk__in=mine.values("event"))


def places_visible_to(acting: Acting) -> QuerySet[Place]:
    """The city's list, one's own, and where something happens that ``acting`` may see."""
    places = Place.objects.all()
    if acting.is_system:
        return places
    seen = Q(listed=True) | Q(pk__in=events_visible_to(acting).values("place"))
    if acting.is_signed_in:
        seen |= Q(created_by=acting.actor)
    return places.filter(seen)


def events_found_by(acting: Acting) -> EventQuerySet:
    """What a search gives of events: as ``messages_found_by`` of messages, a series once."""
    found = Event.objects.filter(publication__in=messages_found_by(acting).values("pk"))
    return found.of_series_once()


def places_found_by(acting: Acting) -> QuerySet[Place]:
    """What a search gives: the city's list, and where something happens that it gives too."""
    return Place.objects.filter(Q(listed=True) | Q(pk__in=events_found_by(acting).values("place")))


def attendances_visible_to(acting: Acting) -> AttendanceQuerySet:
    """
    Who comes is told to those who prepare it, and to oneself.

    That is the group's organisers and the author. Everybody else reads numbers.
    """
    if not acting.is_signed_in or acting.actor is None:
        return Attendance.objects.none()
    mine = Q(actor=acting.actor) & Q(event__in=events_visible_to(acting))
    organised = Q(event__publication__group__in=_groups_of(acting.actor, organising=True))
    authored = Q(event__publication__author=acting.actor) & Q(event__in=events_visible_to(acting))
    return Attendance.objects.filter(mine | organised | authored)


def attendances_behind(token: str) -> AttendanceQuerySet:
    """The answer that a private link opens, to what everybody sees: holding it is the right."""
    seen = events_visible_to(Acting.anonymous("page"))
    return Attendance.objects.filter(token_hash=hash_of(token), event__in=seen)


def actors_visible_to(acting: Acting) -> QuerySet[Actor]:
    """Standing actors but those who block the reader and groups one may not know of."""
    actors = Actor.objects.standing()
    acting = acting.myself
    if not acting.is_system:
        actors = actors.filter(Q(group=None) | Q(group__in=groups_visible_to(acting)))
    if acting.actor is None:
        return actors
    return actors.exclude(blocking__target=acting.actor)


def people_found_by(acting: Acting) -> QuerySet[Actor]:
    """People who agreed to be found, and structures; not the limited, nor who blocks the reader."""
    return people_visible_to(acting).filter(discoverable=True, limited_at=None)


def reports_handled_by(acting: Acting) -> QuerySet[Report]:
    """
    Reports that ``acting`` reads and decides: no judge in their own case.

    Organisers get what was sent to them; the city's moderators the rest, and
    what was sent to a group that nobody looks after any more.
    """
    if not acting.is_signed_in or acting.actor is None:
        return Report.objects.none()
    handled = Q(to=ReportTo.ORGANISERS, group__in=_groups_of(acting.actor, organising=True))
    if acting.is_moderator:
        of_the_city = Q(to=ReportTo.CITY) | Q(group__ownerless_since__isnull=False)
        handled |= of_the_city & ~_partial(acting)
    concerned = (
        Q(target=acting.actor)
        | Q(target__in=voices_of(acting))
        | Q(reporter=acting.actor)
        | Q(publication__written_by=acting.user)
        | Q(reopens__decided_by=acting.actor)
    )
    return Report.objects.filter(handled).exclude(concerned)


def _partial(acting: Acting) -> Q:
    """
    Reports that somebody of the city's moderation is too near to judge.

    Those of a group that they organise, those about somebody of whom they
    complain themselves; about who holds a role in the city, all but administrators.
    """
    assert acting.actor is not None
    organised = _groups_of(acting.actor, organising=True)
    mine = Report.objects.filter(reporter=acting.actor, state=ReportState.OPEN)
    partial = (
        Q(group__in=organised)
        | Q(target__group__in=organised)
        | Q(target__in=mine.values("target"))
    )
    if not acting.is_administrator:
        partial |= Q(target__in=city_hall())
    return partial


def city_hall() -> QuerySet[User, Any]:
    """The actors of those who hold a role in the city; for a subquery."""
    return User.objects.exclude(city_role=CityRole.NONE).values("actor")


def people_judged_by(acting: Acting) -> QuerySet[Actor]:
    """People and structures of this city for its moderators, also those who are suspended."""
    if not acting.is_moderator:
        return Actor.objects.none()
    kinds = [ActorType.PERSON, ActorType.ORGANIZATION]
    return Actor.objects.local().filter(type__in=kinds, deleted_at=None)


def decisions_before(acting: Acting) -> QuerySet[Report]:
    """What the city decided, for its moderators: that it was, and when; of nobody's words."""
    if not acting.is_moderator:
        return Report.objects.none()
    decided = Report.objects.filter(to=ReportTo.CITY, state=ReportState.CLOSED, decided_with=None)
    return decided.exclude(decision="nothing")


def decisions_told_to(acting: Acting) -> QuerySet[Report]:
    """
    Decisions with their reasons: on what one reported, and about oneself or one's structures.

    Also to who is suspended: it is how they learn why, and appeal.
    """
    if acting.user is None or not acting.user.is_active:
        return Report.objects.none()
    about = Q(target=acting.user.actor) | Q(target__in=voices_of(acting))
    told = about & Q(decided_with=None) & ~Q(decision="nothing")
    decided = Report.objects.filter(state=ReportState.CLOSED)
    return decided.filter(told | Q(reporter=acting.user.actor))


def decisions_judged_again_by(acting: Acting) -> QuerySet[Report]:
    """Decisions that ``acting`` may judge again: never who decided first or is concerned."""
    if not acting.is_moderator or acting.actor is None:
        return Report.objects.none()
    concerned = (
        Q(target=acting.actor)
        | Q(target__in=voices_of(acting))
        | Q(reporter=acting.actor)
        | Q(publication__written_by=acting.user)
        | Q(decided_by=acting.actor)
    )
    decided = Report.objects.filter(state=ReportState.CLOSED)
    return decided.exclude(concerned | _partial(acting))


def appeals_handled_by(acting: Acting) -> QuerySet[Appeal]:
    """Appeals that ``acting`` judges, or judged."""
    return Appeal.objects.filter(report__in=decisions_judged_again_by(acting).values("pk"))


def reports_answered_to(acting: Acting) -> QuerySet[Report]:
    """What one reported, and what was decided about one's own words or one's structures'."""
    if not acting.is_signed_in:
        return Report.objects.none()
    concerned = Q(target=acting.actor) | Q(target__in=voices_of(acting))
    decided = concerned & Q(state=ReportState.CLOSED) & ~Q(decision__in=["", "nothing"])
    return Report.objects.filter(Q(reporter=acting.actor) | decided)


def hidden_overseen_by(acting: Acting) -> QuerySet[Publication]:
    """Hidden publications that ``acting`` may put back: under their power, not their own."""
    if not acting.is_signed_in or acting.actor is None:
        return Publication.objects.none()
    overseen = Q(
        hidden_under=ReportTo.ORGANISERS, group__in=_groups_of(acting.actor, organising=True)
    )
    if acting.is_moderator:
        of_the_city = Q(hidden_under=ReportTo.CITY)
        if not acting.is_administrator:
            of_the_city &= ~Q(author__in=city_hall())
        overseen |= of_the_city
    return Publication.objects.filter(overseen, hidden_at__isnull=False, deleted_at=None).exclude(
        Q(author=acting.actor) | Q(author__in=voices_of(acting))
    )


def audit_visible_to(acting: Acting) -> QuerySet[Audit]:
    """The city's moderators read what was done, but not inside groups they may not know of."""
    if not acting.is_moderator:
        return Audit.objects.none()
    known = groups_visible_to(acting).values("pk")
    return Audit.objects.filter(Q(group_key=None) | Q(group_key__in=known))


def viewers_of(
    publication: Publication, viewers: Collection[int], *, level: int | None = None
) -> set[int]:
    """
    Which of ``viewers`` (actor keys; ``ANONYMOUS`` for a page without account) may see it.

    One query, whatever their number. ``level`` asks who might see it under
    another level, deleted or not: for removals, which go to whoever could see
    the thing before.
    """
    gone = level is not None
    group, author = publication.group, publication.author
    if not gone and (_is_off(publication) or _is_off(publication.part_of) or not author.stands):
        return set()
    level = publication.level if level is None else level
    if group is not None:
        if group.state not in _STANDING_STATES:
            return set()
        level = min(level, group.cap)
    if author.is_limited:
        level = min(level, Level.MEMBERS)
    allowed = _reads(publication, level) & _not_blocked_by(author)
    if group is not None and level >= Level.ORGANISERS:
        # Who looks after a group sees all of it, whoever blocks whom.
        allowed |= Q(Exists(_reader_in(group).filter(role=MembershipRole.ORGANISER)))
    people = (
        Actor.objects.local()
        .standing()
        .filter(user__is_active=True, pk__in=[key for key in viewers if key])
    )
    seen = set(people.filter(allowed).values_list("pk", flat=True))
    if ANONYMOUS in viewers and level == Level.PUBLIC:
        seen.add(ANONYMOUS)
    return seen


def _is_off(publication: Publication | None) -> bool:
    return publication is not None and (
        publication.deleted_at is not None or publication.hidden_at is not None
    )


def _reads(publication: Publication, level: int) -> Q:
    """``_readable_by``, turned: a condition on actors, who read ``publication`` at ``level``."""
    if level >= Level.CITY:
        return Q()
    group, author = publication.group, publication.author
    manages = Manager.objects.filter(user__actor=OuterRef("pk"), actor=author)
    own = Q(pk=author.pk) | Q(Exists(manages))
    named = Q(
        Exists(
            Audience.objects.filter(
                Q(actor=OuterRef("pk")) | Q(actor__managers__user__actor=OuterRef("pk")),
                publication=publication,
            )
        )
    )
    if group is None:
        follows = Follow.objects.filter(
            follower=OuterRef("pk"), target=author, state=FollowState.ACCEPTED
        )
        reads = own
        if level >= Level.ORGANISERS:
            reads |= named
        if level >= Level.MEMBERS:
            reads |= Q(Exists(follows))
        return reads
    inside = Q(Exists(_reader_in(group)))
    # One's own words, but not in a protected group that one has left.
    reads = own if group.visibility == Visibility.PUBLIC else own & inside
    if level == Level.MEMBERS:
        reads |= inside
    if level == Level.ORGANISERS:
        reads |= inside & named
    return reads


def _reader_in(group: Group) -> QuerySet[Membership]:
    return Membership.objects.filter(
        actor=OuterRef("pk"), group=group, state=MembershipState.MEMBER
    )


def _not_blocked_by(author: Actor) -> Q:
    """``_not_blocked``, turned: no block between the reader and ``author``, either way."""
    return ~Q(Exists(Block.objects.filter(actor=OuterRef("pk"), target=author))) & ~Q(
        Exists(Block.objects.filter(actor=author, target=OuterRef("pk")))
    )


def audience_size(group: Group, level: int) -> int:
    """How many people of this city ``level`` reaches in ``group``: the number of "Qui verra ?"."""
    memberships = Membership.objects.filter(group=group, state=MembershipState.MEMBER)
    if level <= Level.ORGANISERS:
        return memberships.filter(role=MembershipRole.ORGANISER).count()
    if level == Level.MEMBERS:
        return memberships.count()
    return Actor.objects.local().standing().filter(user__is_active=True).count()


def readers_of_groups(groups: Collection[int], viewers: Collection[int]) -> set[tuple[int, int]]:
    """
    Return the pairs (viewer, group key) of those who may read inside: ``groups_read_by``, turned.

    For the live pages that stand open: three queries, whatever the numbers.
    """
    standing = Group.objects.filter(
        pk__in=groups,
        state__in=_STANDING_STATES,
        actor__suspended_at=None,
        actor__deleted_at=None,
    )
    people = _standing_people(viewers)
    members = set(
        Membership.objects.filter(
            actor__in=people, group__in=groups, state=MembershipState.MEMBER
        ).values_list("actor", "group")
    )
    pairs = set()
    for key, visibility, sensitive in standing.values_list("pk", "visibility", "sensitive"):
        public = visibility == Visibility.PUBLIC
        for viewer in viewers:
            everybody = public and not sensitive
            if everybody or (public and viewer in people) or (viewer, key) in members:
                pairs.add((viewer, key))
    return pairs


def viewers_of_actors(actors: Collection[int], viewers: Collection[int]) -> set[tuple[int, int]]:
    """
    Return the pairs (viewer, actor key) of ``actors_visible_to``, turned.

    Three queries; where there is a group that is in no list, one more for each viewer.
    """
    standing = set(Actor.objects.standing().filter(pk__in=actors).values_list("pk", flat=True))
    blocked = set(
        Block.objects.filter(actor__in=actors, target__in=viewers).values_list("target", "actor")
    )
    found = Q(state__in=_STANDING_STATES, visibility__in=[Visibility.PUBLIC, Visibility.CLOSED])
    unlisted = set(
        Group.objects.filter(actor__in=standing).exclude(found).values_list("actor", flat=True)
    )
    pairs = {(viewer, actor) for viewer in viewers for actor in standing - unlisted}
    if unlisted:
        people = User.objects.select_related("actor").filter(actor__in=[v for v in viewers if v])
        for user in people:
            known = groups_visible_to(Acting.person(user, via="live")).filter(actor__in=unlisted)
            pairs |= {(user.actor_id, actor) for actor in known.values_list("actor", flat=True)}
    return pairs - blocked


def _standing_people(viewers: Collection[int]) -> set[int]:
    people = Actor.objects.local().standing().filter(user__is_active=True)
    return set(people.filter(pk__in=[key for key in viewers if key]).values_list("pk", flat=True))
