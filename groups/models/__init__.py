from groups.models.attachment import Attachment
from groups.models.counter import Counter, next_number
from groups.models.draft import Draft
from groups.models.event import Attendance, AttendanceState, CalendarAddress, Event, EventStatus
from groups.models.export import Export, ExportState
from groups.models.group import Group, GroupState, JoinPolicy, PostingPolicy, Theme, Visibility
from groups.models.invitation import Invitation
from groups.models.mail_choice import MailChoice, MailRhythm, MailTopic
from groups.models.marker import Marker
from groups.models.membership import Membership, MembershipRole, MembershipState
from groups.models.place import Place
from groups.models.publication import Audience, Hashtag, Level, Mention, Publication, Revision
from groups.models.reaction import Bookmark, Like
from groups.models.report import Ground, Report, ReportReason, ReportState, ReportTo
from groups.models.sanction import Appeal, Outcome, Sanction, SanctionKind
from groups.models.series import EventSeries, Rhythm

__all__ = [
    "Appeal",
    "Attachment",
    "Attendance",
    "AttendanceState",
    "Audience",
    "Bookmark",
    "CalendarAddress",
    "Counter",
    "Draft",
    "Event",
    "EventSeries",
    "EventStatus",
    "Export",
    "ExportState",
    "Ground",
    "Group",
    "GroupState",
    "Hashtag",
    "Invitation",
    "JoinPolicy",
    "Level",
    "Like",
    "MailChoice",
    "MailRhythm",
    "MailTopic",
    "Marker",
    "Membership",
    "MembershipRole",
    "MembershipState",
    "Mention",
    "Outcome",
    "Place",
    "PostingPolicy",
    "Publication",
    "Report",
    "ReportReason",
    "ReportState",
    "ReportTo",
    "Revision",
    "Rhythm",
    "Sanction",
    "SanctionKind",
    "Theme",
    "Visibility",
    "next_number",
]
