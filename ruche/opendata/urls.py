"""Addresses for machines: they are in calendars, so they are never changed."""

from django.urls import path

from ruche.opendata import views

app_name = "opendata"

urlpatterns = [
    path("agenda.ics", views.city_calendar, name="city_calendar"),
    path("g/<str:name>/agenda.ics", views.group_calendar, name="group_calendar"),
    path("e/<int:number>.ics", views.event_calendar, name="event_calendar"),
    path("s/<int:number>.ics", views.series_calendar, name="series_calendar"),
    path("moi/agenda/<str:token>.ics", views.personal_calendar, name="personal_calendar"),
    path("ville.atom", views.city_feed, name="city_feed"),
    path("g/<str:name>/messages.atom", views.group_feed, name="group_feed"),
    path("export/openagenda.json", views.openagenda, name="openagenda"),
]
