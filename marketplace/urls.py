"""Every URL of the house. Each view says who may come (marketplace/workspaces/doors.py); a test walks this map."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("marketplace.workspaces.storefront.urls")),
    path("", include("marketplace.workspaces.register.urls")),
    path("", include("marketplace.workspaces.trace.urls")),
    path("household/", include("marketplace.workspaces.household.urls")),
    path("accounts/", include("marketplace.workspaces.accounts.urls")),
    path("my/", include("marketplace.workspaces.member.urls")),
    path("union/", include("marketplace.workspaces.union.urls")),
    path("producer/", include("marketplace.workspaces.producer.urls")),
    path("province/", include("marketplace.workspaces.province.urls")),
    path("operate/", include("marketplace.workspaces.operate.urls")),
    path("audit/", include("marketplace.workspaces.audit.urls")),
    path("oversight/", include("marketplace.workspaces.oversight.urls")),
    path("api/v1/", include("marketplace.api.urls")),
]
