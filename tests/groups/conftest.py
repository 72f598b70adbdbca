"""What tests of groups have around them."""

import pytest
from django.core.cache import cache

from groups.models import JoinPolicy, MembershipRole, Visibility
from tests.people import a_group, a_membership


@pytest.fixture(autouse=True)
def _no_counts_of_other_tests():
    """No test is refused for what another one did often."""
    cache.clear()


@pytest.fixture
def hidden(city):
    group = a_group(
        "cachee", "Nom secret", visibility=Visibility.HIDDEN, join_policy=JoinPolicy.INVITATION
    )
    a_membership(city.organiser, group, role=MembershipRole.ORGANISER)
    return group
