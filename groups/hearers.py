"""
Feeds, turned: whose open pages list one publication.

``groups.feed`` answers for one reader what their pages list; here the question
is asked for one publication and many readers. A property test proves that
both agree. Who may see it is not asked here: ``viewers_of`` says.
"""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.acting import Acting
from accounts.models import Actor, ActorType, Follow, Mute
from accounts.models.follow import FollowState
from groups.models import Group, Level, Membership, Publication
from groups.visibility import ANONYMOUS


def unmuting(publication: Publication, viewers: Collection[int]) -> set[int]:
    """Return those of ``viewers`` who have not muted the author."""
    muting = Mute.objects.filter(target=publication.author_id, actor__in=viewers)
    return set(viewers) - set(muting.values_list("actor", flat=True))


def hearers_of(publication: Publication, viewers: Collection[int]) -> set[int]:
    """Return those of ``viewers`` whose own feed lists ``publication``. One query."""
    reader = OuterRef("pk")
    author, group = publication.author, publication.group

    def follow(target: int) -> Exists:
        return Exists(
            Follow.objects.filter(follower=reader, target=target, state=FollowState.ACCEPTED)
        )

    def mute(target: int) -> Exists:
        return Exists(Mute.objects.filter(actor=reader, target=target))

    hears = Q(pk=author.pk)
    if author.type != ActorType.GROUP:
        hears |= Q(follow(author.pk))
    if group is not None:
        belongs = Exists(Membership.objects.filter(actor=reader, group=group).current())
        hears |= (Q(belongs) | Q(follow(group.actor_id))) & ~Q(mute(group.actor_id))
    people = Actor.objects.filter(pk__in=[key for key in viewers if key])
    return set(people.filter(hears, ~Q(mute(author.pk))).values_list("pk", flat=True))


def sources_of(acting: Acting) -> tuple[QuerySet[Any, Any], QuerySet[Any, Any]]:
    """Return the keys of the groups and of the authors that one's own feed may hold, as queries."""
    follows = Follow.objects.filter(follower=acting.actor, state=FollowState.ACCEPTED)
    groups = Group.objects.filter(
        Q(pk__in=Membership.objects.filter(actor=acting.actor).current().values("group"))
        | Q(actor__in=follows.values("target"))
    )
    authors = Actor.objects.filter(Q(pk=acting.actor_key) | Q(pk__in=follows.values("target")))
    return groups.values("pk"), authors.values("pk")


def city_hearers_of(publication: Publication, viewers: Collection[int]) -> set[int]:
    """Return those of ``viewers`` for whom the page of the city lists ``publication``."""
    if publication.discreet or publication.level < Level.CITY:
        return set()
    viewers = unmuting(publication, viewers)
    return viewers if publication.level >= Level.PUBLIC else viewers - {ANONYMOUS}
