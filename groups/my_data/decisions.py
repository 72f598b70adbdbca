"""
Each column that names a person: where the copy shows it, and what erasing does with it.

A test walks all models and fails on a column that is not listed: whoever adds
one says here what becomes of it. ``REMOVED`` and ``CUT`` are carried out from
this very table by ``groups.actions.erasing``; ``OWN_STEP`` names what has a
step written there. Sources: RGPD 15, 17 and 20; safety.md LG-01 to LG-04.
"""

from dataclasses import dataclass
from enum import Enum


class Fate(Enum):
    """What erasing does with the rows of a column."""

    REMOVED = "the row goes"
    CUT = "the row stays, and names nobody"
    OWN_STEP = "a step of its own"
    KEPT = "stays as it is"


REMOVED, CUT, OWN_STEP, KEPT = Fate.REMOVED, Fate.CUT, Fate.OWN_STEP, Fate.KEPT


@dataclass(frozen=True)
class Decision:
    """
    ``column`` is ``app.Model.field``; ``shown_in`` a section of the copy, or empty.

    ``why`` is there wherever something is not shown or stays.
    """

    column: str
    fate: Fate
    shown_in: str = ""
    why: str = ""

    @property
    def model(self) -> str:
        return self.column.rpartition(".")[0]

    @property
    def field(self) -> str:
        return self.column.rpartition(".")[2]


ANOTHERS = "the row of somebody else, who alone decided it"
NO_ROW = "the framework's, without rows here"
A_KEY = "a key that leads to an empty row"

DECISIONS = (
    # Who one is.
    Decision("accounts.User.actor", OWN_STEP, "profile"),
    Decision("accounts.Erasure.actor", KEPT, why="that it was asked and done: law; a key alone"),
    Decision("account.EmailAddress.user", REMOVED, "addresses"),
    Decision("mfa.Authenticator.user", REMOVED, "ways_back"),
    Decision("usersessions.UserSession.user", REMOVED, "sessions"),
    Decision("accounts.User_groups.user", REMOVED, why=NO_ROW),
    Decision("accounts.User_user_permissions.user", REMOVED, why=NO_ROW),
    Decision("admin.LogEntry.user", REMOVED, why=NO_ROW),
    # Others.
    Decision("accounts.Follow.follower", REMOVED, "following"),
    Decision("accounts.Follow.target", REMOVED, "followers"),
    Decision("accounts.Block.actor", REMOVED, "blocked"),
    Decision("accounts.Block.target", REMOVED, why=ANOTHERS),
    Decision("accounts.Mute.actor", REMOVED, "muted"),
    Decision("accounts.Mute.target", REMOVED, why=ANOTHERS),
    # Structures: they outlive who manages them.
    Decision("accounts.Structure.actor", KEPT, why="a structure is nobody's account"),
    Decision("accounts.Manager.user", REMOVED, "structures"),
    Decision("accounts.Manager.actor", KEPT, why="a structure is nobody's account"),
    Decision("accounts.Proposal.user", REMOVED, why="a question that waits, on one's own page"),
    Decision("accounts.Proposal.proposed_by", CUT, why=ANOTHERS),
    # Groups: they outlive who opened them.
    Decision("groups.Group.actor", KEPT, why="a group is nobody's account"),
    Decision("groups.Group.created_by", OWN_STEP, "groups_asked_for"),
    Decision("groups.Membership.actor", REMOVED, "memberships"),
    Decision("groups.Membership.invited_by", CUT, why=ANOTHERS),
    Decision("groups.Invitation.created_by", OWN_STEP, "invitations"),
    # Words.
    Decision("groups.Publication.author", OWN_STEP, "publications"),
    Decision("groups.Publication.written_by", CUT, why="said in the name of somebody else"),
    Decision("groups.Attachment.owner", OWN_STEP, "publications"),
    Decision("groups.Audience.actor", REMOVED, why=ANOTHERS),
    Decision("groups.Mention.actor", REMOVED, why=ANOTHERS),
    Decision("groups.Draft.actor", REMOVED, "drafts"),
    Decision("groups.Draft.speaker", KEPT, why="a structure is nobody's account"),
    Decision("groups.Like.actor", REMOVED, "likes"),
    Decision("groups.Bookmark.actor", REMOVED, "bookmarks"),
    Decision("groups.Marker.actor", REMOVED, "read_up_to"),
    # Events: closing the account gives seats back and leaves to groups what is to come.
    Decision("groups.Attendance.actor", REMOVED, "attendances"),
    Decision("groups.CalendarAddress.user", REMOVED, why="a secret that opens a calendar"),
    Decision("groups.Place.created_by", CUT, "places"),
    # What goes to one's mailbox: the second table says that something was sent, never what.
    Decision("groups.MailChoice.user", REMOVED, "mail_choices"),
    Decision("mail.Sent.user", REMOVED, why="that a mail went out, kept ten days; no word of it"),
    Decision("mail.Digest.user", REMOVED, why="the day of the last digest; no word of it"),
    # What was told and judged.
    Decision("journal.Notification.recipient_key", REMOVED, "notifications"),
    Decision("journal.Notification.actor_key", REMOVED, why=ANOTHERS),
    Decision("groups.Report.reporter", OWN_STEP, "reports"),
    Decision("groups.Report.target", KEPT, "decisions_about_me", why=f"others' answer; {A_KEY}"),
    Decision("groups.Report.decided_by", CUT, why="a decision of the city or of a group"),
    Decision("groups.Sanction.target", KEPT, "decisions_about_me", why=f"law; {A_KEY}"),
    Decision("groups.Appeal.appellant", REMOVED, "appeals"),
    Decision("groups.Appeal.decided_by", CUT, why="a decision of the city"),
    Decision("journal.Entry.actor_key", KEPT, why=f"{A_KEY}, gone after 30 days"),
    Decision("journal.Entry.author_key", KEPT, why=f"{A_KEY}, gone after 30 days"),
    Decision("journal.Audit.actor_key", KEPT, "powers_used", why=f"law: append-only; {A_KEY}"),
    Decision("journal.Audit.user_key", KEPT, "powers_used", why="law: append-only; a key alone"),
    # This very copy.
    Decision("groups.Export.actor", REMOVED, why="the copy itself, kept a day"),
)

# Columns without a foreign key that hold an actor's or a user's key.
PLAIN_KEYS = frozenset(
    decision.column for decision in DECISIONS if decision.column.startswith("journal.")
)
