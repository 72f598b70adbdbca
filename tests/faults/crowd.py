"""
`python -m tests.faults.crowd N …`: people with open sessions in the database of the environment.

Prints one JSON document: the session cookies, and the handle of their group.
``--inside`` makes them members already; ``--seats N`` plans an event with so many,
and adds its number, and the keys of the people in the order of their cookies.
"""

import argparse
import json
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ruche.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from accounts.models import User  # noqa: E402
from groups.models import Group, MembershipRole  # noqa: E402
from tests.groups.test_attendances import an_event  # noqa: E402
from tests.people import a_client, a_group, a_membership, a_user  # noqa: E402

GROUP = "place"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("people", type=int)
    parser.add_argument("--inside", action="store_true")
    parser.add_argument("--seats", type=int, default=0)
    asked = parser.parse_args()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.ALLOWED_HOSTS = ["testserver"]
    call_command("migrate", interactive=False, verbosity=0)
    group = Group.objects.filter(actor__handle=GROUP).first() or a_group(GROUP)
    organiser = a_user(f"organiser-{User.objects.count()}")
    a_membership(organiser, group, role=MembershipRole.ORGANISER)
    event = an_event(organiser, group, capacity=asked.seats).number if asked.seats else None
    cookies, people = [], []
    for number in range(asked.people):
        user = a_user(f"person-{number}")
        if asked.inside:
            a_membership(user, group)
        people.append(user.actor_id)
        cookies.append(a_client(user).cookies[settings.SESSION_COOKIE_NAME].value)
    print(json.dumps({"group": GROUP, "cookies": cookies, "people": people, "event": event}))


if __name__ == "__main__":
    main()
