"""How often one gets a mail: chosen, stopped by the link of a mail, taken up again."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError

from accounts.access import require, require_visible
from accounts.acting import Acting
from accounts.models import User
from groups.mail_choices import choice_behind, groups_mailed_to
from groups.models import Group, MailChoice, MailRhythm, MailTopic
from ruche.core.db import atomic


@atomic()
def choose_mails(acting: Acting, *, mine: str, digest: str, groups: Mapping[int, str]) -> None:
    """
    Keep how often ``acting`` wants a mail; ``groups`` by key, of groups that they belong to.

    Raises PermissionDenied without an account or for a group of others, ValidationError
    for a word that is no rhythm.
    """
    require(acting.is_signed_in)
    own = {group.pk: group for group in groups_mailed_to(acting)}
    require(groups.keys() <= own.keys())
    if not {mine, digest, *groups.values()} <= set(MailRhythm.values):
        raise ValidationError("no such rhythm")
    chosen: list[tuple[str, Group | None, str]] = [
        (MailTopic.MINE, None, mine),
        (MailTopic.DIGEST, None, digest),
        *((MailTopic.GROUP, own[key], rhythm) for key, rhythm in groups.items()),
    ]
    for topic, group, rhythm in chosen:
        MailChoice.objects.update_or_create(
            user=acting.user, topic=topic, group=group, defaults={"rhythm": rhythm, "before": ""}
        )


@atomic()
def choice_for(acting: Acting, *, user: User, topic: str, group: Group | None = None) -> MailChoice:
    """Return the row that a mail to ``user`` hangs on; made at the first one. For jobs alone."""
    require(acting.is_system)
    return MailChoice.objects.get_or_create(user=user, topic=topic, group=group)[0]


@atomic()
def stop_mails(acting: Acting, *, token: str) -> MailChoice:
    """
    Stop the mails of which ``token`` was the link; holding it is the right, signed in or not.

    Stopped already: nothing happens. Raises NotVisible for any other token. Source: RFC 8058.
    """
    choice = _held(token)
    if choice.wanted != MailRhythm.NONE:
        choice.before, choice.rhythm = choice.wanted, MailRhythm.NONE
        choice.save(update_fields=["before", "rhythm"])
    return choice


@atomic()
def take_mails_up_again(acting: Acting, *, token: str) -> MailChoice:
    """Undo ``stop_mails``: as often as before. Raises NotVisible."""
    choice = _held(token)
    if choice.before:
        choice.rhythm, choice.before = choice.before, ""
        choice.save(update_fields=["before", "rhythm"])
    return choice


def _held(token: str) -> MailChoice:
    found = choice_behind(token)
    require_visible(found is not None)
    assert found is not None
    return MailChoice.objects.select_for_update().get(pk=found.pk)
