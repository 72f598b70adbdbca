"""What tests of invitations share."""

from groups.actions.invitations import (
    create_link,
    invite_addresses,
)
from groups.models import (
    Invitation,
)
from tests.people import acting_as


def a_link(city, group):
    return create_link(acting_as(city.organiser), group=group)


def a_mail(city, group, address="voisine@courriel.test"):
    invite_addresses(acting_as(city.organiser), group=group, addresses=[address])
    return Invitation.objects.get(group=group, email=address, revoked_at=None)
