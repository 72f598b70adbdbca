"""The question that a live page asks when it has no socket."""

from django.urls import path

from realtime import views

urlpatterns = [path("live", views.live, name="live")]
