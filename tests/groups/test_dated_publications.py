"""What was said before keeps its date; only a command may say so."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.acting import Acting
from groups.actions.publications import publish_note
from groups.models import Publication

pytestmark = pytest.mark.django_db


def test_a_page_cannot_choose_the_date(city):
    yesterday = timezone.now() - timedelta(days=1)

    with pytest.raises(PermissionDenied):
        publish_note(
            Acting.person(city.member, via="page"),
            group=city.garden,
            source="Hier",
            level=5,
            published=yesterday,
        )

    assert not Publication.objects.exists()


def test_a_command_dates_what_it_brings_and_never_later_than_now(city):
    acting = Acting.person(city.member, via="command")
    yesterday = timezone.now() - timedelta(days=1)

    old = publish_note(acting, group=None, source="Hier", level=5, published=yesterday)
    new = publish_note(
        acting, group=None, source="Demain", level=5, published=timezone.now() + timedelta(days=1)
    )

    assert abs(old.published - yesterday) < timedelta(milliseconds=2)
    assert new.published <= timezone.now()
