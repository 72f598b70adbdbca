"""What tests of groups have around them."""

import pytest
from django.core.cache import cache
from django_tasks_db.models import DBTaskResult

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


@pytest.fixture
def mails():
    """The mails that wait in the queue."""

    def waiting():
        return [
            task.args_kwargs["kwargs"]
            for task in DBTaskResult.objects.filter(task_path="ruche.core.mail.send")
        ]

    return waiting
