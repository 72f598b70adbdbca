"""The addresses of the house. They are on paper: they are never changed."""

from django.urls import include, path

from ruche import views
from ruche.admin import tables

urlpatterns = [
    path("healthz", views.health, name="health"),
    path("courrier", views.mailbox, name="mailbox"),
    path("aide", views.help_page, name="help"),
    path("accessibilite", views.accessibility, name="accessibility"),
    path("mentions-legales", views.legal, name="legal"),
    path("plan", views.sitemap, name="sitemap"),
    path("bureau/admin/", tables.urls),
    path("", include("accounts.urls")),
    path("", include("groups.urls")),
    path("", include("realtime.urls")),
    path("", include("ruche.opendata.urls")),
]

handler404 = "ruche.views.not_found"
handler500 = "ruche.views.server_error"
