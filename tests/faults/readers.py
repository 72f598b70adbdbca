"""
`python -m tests.faults.readers N`: N people with an address, each with something to read today.

One group, one message a few minutes old.
"""

import os
import sys
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ruche.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from groups.models import Membership, MembershipState  # noqa: E402
from tests.people import a_group, a_note, a_user, some_users  # noqa: E402


def main() -> None:
    people = int(sys.argv[1])
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("migrate", interactive=False, verbosity=0)
    group = a_group("place")
    readers = some_users([(f"person-{number}", "", "") for number in range(people)])
    Membership.objects.bulk_create(
        [
            Membership(actor=user.actor, group=group, state=MembershipState.MEMBER)
            for user in readers
        ]
    )
    before = timezone.now() - timedelta(minutes=5)
    a_note(a_user("writer"), group, milliseconds=int(before.timestamp() * 1000))


if __name__ == "__main__":
    main()
