"""Who may do what in groups and to publications. Seeing is asked of ``groups.visibility``."""

from dataclasses import dataclass

from django.utils import timezone

from accounts.access import (
    NotVisible,
    blocked_between,
    may_sanction,
    may_speak,
    require,
    require_visible,
)
from accounts.acting import Acting
from accounts.models import Actor, Structure, User
from groups.models import (
    Appeal,
    Attachment,
    Event,
    EventSeries,
    Group,
    GroupState,
    JoinPolicy,
    Level,
    Membership,
    MembershipState,
    PostingPolicy,
    Publication,
    Report,
    ReportState,
    ReportTo,
)
from groups.models.sanction import APPEAL_WITHIN
from groups.visibility import (
    appeals_handled_by,
    city_hall,
    decisions_judged_again_by,
    decisions_told_to,
    groups_read_by,
    groups_visible_to,
    hidden_overseen_by,
    reports_handled_by,
    visible_to,
    written_by,
)
from ruche.core.city import city

__all__ = ["NotVisible", "require", "require_visible"]


# --- The standing of somebody in a group --------------------------------------


def membership_of(acting: Acting, group: Group) -> Membership | None:
    """The person's own: nobody enters in the name of a structure."""
    actor = acting.myself.actor
    if actor is None:
        return None
    return Membership.objects.filter(actor=actor, group=group).first()


def is_member(acting: Acting, group: Group) -> bool:
    membership = membership_of(acting, group)
    return membership is not None and membership.is_current


def is_organiser(acting: Acting, group: Group) -> bool:
    membership = membership_of(acting, group)
    return membership is not None and membership.is_organiser


# --- Groups -------------------------------------------------------------------


def may_see_group(acting: Acting, group: Group) -> bool:
    return groups_visible_to(acting).filter(pk=group.pk).exists()


def may_read_group(acting: Acting, group: Group) -> bool:
    """Whether ``acting`` may read what is published inside."""
    return groups_read_by(acting).filter(pk=group.pk).exists()


def may_ask_for_group(acting: Acting) -> bool:
    return acting.is_signed_in and not is_limited(acting)


def is_limited(acting: Acting) -> bool:
    """Whether the city limits who is shown, or who is at the keyboard."""
    speaking = (acting.actor, acting.myself.actor)
    return any(one is not None and one.is_limited for one in speaking)


def may_invite(acting: Acting, group: Group) -> bool:
    return may_run_group(acting, group) and not is_limited(acting)


def may_open_group(acting: Acting) -> bool:
    """Whether a new group opens at once; otherwise the city answers."""
    return acting.is_signed_in and (city().group_creation == "open" or acting.is_moderator)


def may_answer_group_request(acting: Acting) -> bool:
    return acting.is_moderator


def may_run_group(acting: Acting, group: Group) -> bool:
    """Rules, settings, requests, invitations, roles: its organisers."""
    return acting.is_signed_in and is_organiser(acting, group)


def may_edit_group(acting: Acting, group: Group) -> bool:
    """Its organisers; while the city has not said yes, the person who asked for it."""
    if group.state in (GroupState.ASKED, GroupState.REFUSED):
        return acting.is_signed_in and acting.actor_key == group.created_by_id
    return may_run_group(acting, group)


def may_rescue_group(acting: Acting, group: Group) -> bool:
    """Name an organiser of a group that nobody looks after any more."""
    return acting.is_moderator and group.ownerless_since is not None


def may_archive_group(acting: Acting, group: Group) -> bool:
    return may_run_group(acting, group) or acting.is_administrator


def may_join(acting: Acting, group: Group) -> bool:
    """Enter or ask to enter, without an invitation."""
    if acting.actor is None or not group.is_open or not may_see_group(acting, group):
        return False
    if not acting.is_signed_in and acting.actor.is_local:
        return False
    membership = membership_of(acting, group)
    if membership is not None and membership.state == MembershipState.BANNED:
        return False
    if membership is not None and membership.state == MembershipState.INVITED:
        return True
    return group.join_policy != JoinPolicy.INVITATION


def may_use_invitation(acting: Acting, group: Group) -> bool:
    """An invitation lets in whoever holds it, but those who were banned."""
    if not acting.is_signed_in or not group.is_open:
        return False
    membership = membership_of(acting, group)
    return membership is None or membership.state != MembershipState.BANNED


def may_leave(acting: Acting, group: Group) -> bool:
    """Leave, take back one's request, or decline."""
    membership = membership_of(acting, group)
    return membership is not None and membership.state in (
        MembershipState.MEMBER,
        MembershipState.ASKED,
        MembershipState.INVITED,
    )


def may_list_members(acting: Acting, group: Group) -> bool:
    """The list of names is for those who belong; others get the number and the organisers."""
    return acting.is_signed_in and is_member(acting, group)


# --- Publications -------------------------------------------------------------


def may_publish(acting: Acting, group: Group | None, level: int) -> bool:
    """
    Publish something new at ``level``, in a group or, without one, on one's own page.

    In the name of a structure, whoever acts for it and may write there as themselves.
    """
    if acting.actor is None or not Level.ORGANISERS <= level <= Level.PUBLIC:
        return False
    if not may_speak(acting):
        return False
    if group is None:
        # To named people outside groups: not who may reach no stranger.
        return acting.is_signed_in and (level > Level.ORGANISERS or not is_limited(acting))
    membership = membership_of(acting, group)
    if not group.is_open or membership is None or not membership.is_current:
        return False
    if acting.actor.is_local and not acting.is_signed_in:
        return False
    return membership.is_organiser or group.posting_policy == PostingPolicy.MEMBERS


def widest_level(acting: Acting, group: Group | None) -> int:
    """How far the words of ``acting`` may go there: among members for who is limited."""
    widest = Level.PUBLIC if group is None else group.cap
    return min(widest, Level.MEMBERS) if is_limited(acting) else widest


def may_reply(acting: Acting, parent: Publication) -> bool:
    """
    Answer something one sees.

    In a group its members answer; others may answer what everybody reads in a
    public group, signed in.
    """
    if acting.actor is None or not visible_to(acting).filter(pk=parent.pk).exists():
        return False
    # An answer is never wider than what it answers: nothing answers what nobody reads.
    if parent.level < Level.ORGANISERS:
        return False
    if acting.actor.is_local and not acting.is_signed_in:
        return False
    if not may_speak(acting) or _blocked_from(acting, parent.author):
        return False
    group = parent.group
    if group is None:
        return not is_limited(acting)
    if not group.is_open:
        return False
    if is_member(acting, group):
        return True
    membership = membership_of(acting, group)
    if membership is not None and membership.state == MembershipState.BANNED:
        return False
    return min(parent.level, group.cap) >= Level.PUBLIC and not is_limited(acting)


def _blocked_from(acting: Acting, author: Actor) -> bool:
    """Whether a block stands between ``author`` and who is shown, or who is at the keyboard."""
    speaking = {acting.actor, acting.myself.actor}
    return any(one is not None and blocked_between(one, author) for one in speaking)


def is_ones_own(acting: Acting, publication: Publication) -> bool:
    """Said by ``acting``, or by a structure that ``acting`` acts for."""
    if acting.actor is not None and acting.actor.pk == publication.author_id:
        return may_speak(acting)
    return written_by(acting).filter(pk=publication.pk).exists()


def may_react(acting: Acting, publication: Publication) -> bool:
    """Thank or keep what one sees."""
    if acting.actor is None or (acting.actor.is_local and not acting.is_signed_in):
        return False
    return visible_to(acting).filter(pk=publication.pk).exists()


def may_edit(acting: Acting, publication: Publication) -> bool:
    """One's own words, where one may still write."""
    if not is_ones_own(acting, publication):
        return False
    if publication.hidden_at is not None or publication.deleted_at is not None:
        return False
    group = publication.group
    return acting.is_signed_in and (group is None or (group.is_open and is_member(acting, group)))


def may_change_picture(acting: Acting, attachment: Attachment) -> bool:
    """One's own picture while it waits, then wherever one may edit what holds it."""
    if not acting.is_signed_in:
        return False
    publication = attachment.publication
    if publication is None:
        return attachment.owner_id == acting.actor_key
    return may_edit(acting, publication)


def may_delete(acting: Acting, publication: Publication) -> bool:
    """One's own words, always, even after leaving."""
    return is_ones_own(acting, publication)


def may_restore(acting: Acting, publication: Publication) -> bool:
    """Put back what one took back, where one may still write."""
    if not acting.is_signed_in or not may_delete(acting, publication):
        return False
    group = publication.group
    return group is None or (group.is_open and is_member(acting, group))


def may_pin(acting: Acting, publication: Publication) -> bool:
    return publication.group is not None and may_run_group(acting, publication.group)


def may_hide(acting: Acting, publication: Publication) -> bool:
    """
    Take something off the page with a reason: organisers in their group, moderators elsewhere.

    A moderator hides what they may see, unless they reported it themselves, and
    what was reported to the city. Nobody hides their own words: they delete them.
    """
    return power_over(acting, publication) is not None


def power_over(acting: Acting, publication: Publication) -> ReportTo | None:
    """Under which power ``acting`` may hide ``publication``, if any."""
    if not acting.is_signed_in or is_ones_own(acting, publication):
        return None
    group = publication.group
    if group is not None and is_organiser(acting, group):
        return ReportTo.ORGANISERS
    if not acting.is_moderator:
        return None
    reports = Report.objects.filter(publication=publication, state=ReportState.OPEN)
    if reports.filter(reporter=acting.actor).exists():
        return None
    if not acting.is_administrator and city_hall().filter(actor=publication.author_id).exists():
        return None
    judged = reports_handled_by(acting).filter(publication=publication, state=ReportState.OPEN)
    seen = visible_to(acting).filter(pk=publication.pk)
    return ReportTo.CITY if judged.exists() or seen.exists() else None


def may_show_again(acting: Acting, publication: Publication) -> bool:
    return hidden_overseen_by(acting).filter(pk=publication.pk).exists()


# --- Events -------------------------------------------------------------------


def may_schedule(acting: Acting, group: Group) -> bool:
    """Those who write in a group put events in its agenda."""
    return may_publish(acting, group, Level.MEMBERS)


def may_run_event(acting: Acting, event: Event | EventSeries) -> bool:
    """Change, move, cancel, read the list: its author, while a member, and the organisers."""
    publication = event.publication
    if publication.hidden_at is not None or publication.deleted_at is not None:
        return False
    if may_edit(acting, publication):
        return True
    group = publication.group
    return group is not None and group.is_open and may_run_group(acting, group)


def may_add_session(acting: Acting, event: Event) -> bool:
    """To what one prepares, and is neither a session nor an occurrence of a series itself."""
    return event.parent_id is None and event.series_id is None and may_run_event(acting, event)


def may_attend(acting: Acting, event: Event) -> bool:
    """Say that one comes: to what one sees, signed in here or speaking from another server."""
    if not visible_to(acting).filter(pk=event.pk).exists():
        return False
    if acting.actor is None or (acting.actor.is_local and not acting.is_signed_in):
        return False
    group = event.publication.group
    return group is None or group.is_open


def may_attend_without_account(event: Event) -> bool:
    """By a name and a confirmed address: where the organisers say so, to what everybody reads."""
    everybody = Acting.anonymous("page")
    group = event.publication.group
    if not event.open_to_all or not (group is None or group.is_open):
        return False
    return visible_to(everybody).filter(pk=event.pk).exists()


# --- Reports ------------------------------------------------------------------


def may_report(acting: Acting) -> bool:
    """Report what one sees: the fetch itself says whether one does."""
    return acting.is_signed_in


def may_handle_report(acting: Acting, report: Report) -> bool:
    return reports_handled_by(acting).filter(pk=report.pk).exists()


def may_judge_person(acting: Acting, target: Actor) -> bool:
    """As ``accounts.access.may_sanction``; nobody decides about whom they complain of."""
    mine = Report.objects.filter(reporter=acting.actor, state=ReportState.OPEN)
    return may_sanction(acting, target) and not mine.filter(target=target).exists()


def may_judge_appeal(acting: Acting, appeal: Appeal) -> bool:
    return appeals_handled_by(acting).filter(pk=appeal.pk).exists()


def may_judge_again(acting: Acting, report: Report) -> bool:
    return decisions_judged_again_by(acting).filter(pk=report.pk).exists()


def may_appeal(acting: Acting, report: Report) -> bool:
    """
    Ask for another judge, within six months, once: who a decision is about, or who reported.

    Who reported, where nothing was done; the same decision is not judged a third time.
    """
    if not decisions_told_to(acting).filter(pk=report.pk).exists():
        return False
    if report.decided_at is None or timezone.now() - report.decided_at > APPEAL_WITHIN:
        return False
    mine = acting.user is not None and report.reporter_id == acting.user.actor_id
    return not mine or report.decision == "nothing"


# --- Who wrote is not who is shown --------------------------------------------


@dataclass(frozen=True)
class Writing:
    """The private columns of a publication."""

    written_by: User | None
    assisted_by: Structure | None
    byline: str


def who_wrote(acting: Acting, publication: Publication) -> Writing:
    """
    Return who was at the keyboard. The only reader of these columns.

    Raises PermissionDenied unless ``acting`` is that person or the author, or
    acts for the structure that is.
    """
    require(
        acting.user is not None
        and (
            acting.user_key in (publication.written_by_id, _user_of(publication))
            or is_ones_own(acting, publication)
        )
    )
    return Writing(publication.written_by, publication.assisted_by, publication.byline)


def _user_of(publication: Publication) -> int | None:
    return User.objects.filter(actor=publication.author_id).values_list("pk", flat=True).first()
