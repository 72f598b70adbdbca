"""What is judged is what is changed: the right goes away while the act is under way."""

from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.access import NotVisible
from groups.actions.attendances import attend
from groups.actions.events import EventPlan, schedule_event
from groups.actions.holding import hold_group
from groups.actions.invitations import create_link, invite_addresses
from groups.actions.memberships import (
    accept_request,
    ban_member,
    make_organiser,
    refuse_request,
    remove_member,
    unban_member,
)
from groups.actions.publications import publish_note
from groups.actions.reports import (
    decide_report,
    hide_publication,
    report_publication,
    show_again,
)
from groups.models import (
    Attendance,
    Event,
    Invitation,
    Level,
    Membership,
    MembershipRole,
    MembershipState,
    Publication,
    Report,
)
from tests.people import a_membership, a_note, acting_as
from tests.races import while_waiting

TOMORROW = timezone.now() + timedelta(days=1)


def standing(user, group):
    return Membership.objects.get(actor=user.actor, group=group)


RACES = {
    "accepts nobody": lambda city: partial(
        accept_request, acting_as(city.member), membership=standing(city.asker, city.shelter)
    ),
    "refuses nobody": lambda city: partial(
        refuse_request,
        acting_as(city.member),
        membership=standing(city.asker, city.shelter),
        reason="Non",
    ),
    "lets nobody knock again": lambda city: partial(
        unban_member, acting_as(city.member), membership=standing(city.banned, city.shelter)
    ),
    "removes nobody": lambda city: partial(
        remove_member,
        acting_as(city.member),
        membership=standing(city.resident, city.shelter),
        reason="Non",
    ),
    "bans nobody": lambda city: partial(
        ban_member,
        acting_as(city.member),
        membership=standing(city.resident, city.shelter),
        reason="Non",
    ),
    "hands nothing over": lambda city: partial(
        make_organiser,
        acting_as(city.member),
        membership=standing(city.resident, city.shelter),
    ),
    "plans nothing": lambda city: partial(
        schedule_event,
        acting_as(city.member),
        group=city.shelter,
        plan=EventPlan(
            "Un rendez-vous", TOMORROW, TOMORROW + timedelta(hours=2), online_url="https://la.test/"
        ),
        source="Venez",
        level=Level.MEMBERS,
    ),
    "takes no seat": lambda city: partial(
        attend, acting_as(city.member), event=Event.objects.get()
    ),
    "makes no link": lambda city: partial(create_link, acting_as(city.member), group=city.shelter),
    "invites nobody": lambda city: partial(
        invite_addresses, acting_as(city.member), group=city.shelter, addresses=["x@courriel.test"]
    ),
    "writes nothing": lambda city: partial(
        publish_note,
        acting_as(city.member),
        group=city.shelter,
        source="Bonjour",
        level=Level.MEMBERS,
    ),
    "answers nothing": lambda city: partial(
        publish_note,
        acting_as(city.member),
        group=city.shelter,
        source="Bonjour",
        level=Level.MEMBERS,
        in_reply_to=Publication.objects.get(source="Un message"),
    ),
    "hides nothing": lambda city: partial(
        hide_publication,
        acting_as(city.member),
        publication=Publication.objects.get(source="Un message"),
        reason="Parce que",
    ),
    "shows nothing again": lambda city: partial(
        show_again,
        acting_as(city.member),
        publication=Publication.objects.get(source="Un message caché"),
    ),
    "decides nothing": lambda city: partial(
        decide_report,
        acting_as(city.member),
        report=Report.objects.get(),
        decision="hide",
        statement="Non",
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("race", RACES.values(), ids=RACES)
def test_who_is_put_out_at_the_same_moment(city, race):
    """On both engines, by two connections: the check waits for what takes the right away."""
    own = Membership.objects.filter(actor=city.member.actor, group=city.shelter)
    own.update(role=MembershipRole.ORGANISER)
    note = a_note(city.organiser, city.shelter, source="Un message")
    a_note(
        city.organiser,
        city.shelter,
        source="Un message caché",
        hidden_at=timezone.now(),
        hidden_under="organisers",
    )
    report_publication(acting_as(city.member), publication=note, reason="other")
    Report.objects.update(target=city.former.actor, reporter=city.organiser.actor, to="organisers")
    a_membership(city.resident, city.shelter)
    schedule_event(
        acting_as(city.organiser),
        group=city.shelter,
        plan=EventPlan(
            "Chez nous", TOMORROW, TOMORROW + timedelta(hours=1), online_url="https://a.test/"
        ),
        source="Entre nous",
        level=Level.MEMBERS,
    )
    before = _all_rows()

    def put_out():
        # As ``remove_member`` does.
        hold_group(city.shelter)
        own.update(role=MembershipRole.MEMBER, state=MembershipState.REMOVED)

    # What it is about was read before: a page that stood open.
    came = while_waiting(race(city), put_out)

    assert isinstance(came, PermissionDenied | NotVisible), came
    assert _all_rows() == before


def _all_rows():
    return [
        Publication.objects.filter(hidden_at=None).count(),
        Invitation.objects.count(),
        Report.objects.filter(state="open").count(),
        Event.objects.count(),
        Attendance.objects.count(),
        sorted(
            Membership.objects.exclude(actor__handle="membre").values_list("pk", "state", "role")
        ),
    ]
