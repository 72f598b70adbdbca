"""What a request carries once the middleware has seen it: for the types of the views."""

from django.http import HttpRequest

from accounts.acting import Acting


class Request(HttpRequest):
    acting: Acting
    theme: str
    text_size: str
