"""The session's own name, changed when what it may do changes."""

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from accounts.models import User


def rotate(request: HttpRequest, *, user: User | None = None) -> None:
    """
    Give the session another key: one that was seen before opens nothing now.

    ``user`` is given after a change of password, which would end this session too.
    """
    before = request.session.session_key
    if user is None:
        request.session.cycle_key()
    else:
        update_session_auth_hash(request, user)
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)
