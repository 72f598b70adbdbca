"""What somebody chose to get by mail, and the link by which they stop it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.acting import Acting
from accounts.models import User
from groups.models import Group, MailChoice, MailTopic, Membership
from groups.models.mail_choice import BY_DEFAULT
from groups.visibility import groups_visible_to

_SALT = "groups.mail_choices"
LONGEST_KEY = 18


@dataclass(frozen=True)
class MailWishes:
    """The rhythms in force for one person; ``groups`` by key, for those that they chose about."""

    mine: str
    digest: str
    groups: dict[int, str]

    def of_group(self, key: int) -> str:
        return self.groups.get(key, BY_DEFAULT[MailTopic.GROUP])


def wishes_of(users: Iterable[User]) -> dict[int, MailWishes]:
    """Return by key what each of ``users`` wants. One query."""
    people = list(users)
    rows: dict[int, list[MailChoice]] = {user.pk: [] for user in people}
    for row in MailChoice.objects.filter(user__in=people):
        rows[row.user_id].append(row)
    return {key: _wishes(choices) for key, choices in rows.items()}


def _wishes(choices: list[MailChoice]) -> MailWishes:
    by_topic = {row.topic: row.wanted for row in choices if row.group_id is None}
    return MailWishes(
        mine=by_topic.get(MailTopic.MINE, BY_DEFAULT[MailTopic.MINE]),
        digest=by_topic.get(MailTopic.DIGEST, BY_DEFAULT[MailTopic.DIGEST]),
        groups={row.group_id: row.wanted for row in choices if row.group_id is not None},
    )


def groups_mailed_to(acting: Acting) -> list[Group]:
    """The groups that ``acting`` belongs to, by name: each has its rhythm."""
    mine = Membership.objects.filter(actor=acting.actor).current()
    groups = groups_visible_to(acting).filter(pk__in=mine.values("group"))
    return list(groups.order_by("actor__name", "pk"))


def stop_token_of(choice: MailChoice) -> str:
    """The token of the link that stops these mails. It says nothing and opens nothing else."""
    signed = salted_hmac(_SALT, f"{choice.pk}:{choice.nonce}", algorithm="sha256").hexdigest()
    return f"{choice.pk}-{signed[:40]}"


def choice_behind(token: str) -> MailChoice | None:
    """What this token stops, if it is ours and the account stands."""
    key, _, _rest = token.partition("-")
    if not key.isdecimal() or len(key) > LONGEST_KEY:
        return None
    choice = MailChoice.objects.filter(pk=int(key)).select_related("user__actor").first()
    if choice is None or not constant_time_compare(stop_token_of(choice), token):
        return None
    return choice if Acting.person(choice.user, via="mail").is_signed_in else None
