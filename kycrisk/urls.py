from django.urls import include, path

urlpatterns = [
    # first, because patterns are tried in order and sign-ups wait for this one
    path("", include("apps.assessments.urls")),
    path("", include("apps.core.urls")),
    path("", include("apps.access.urls")),
    path("v1/", include("apps.audit.urls")),
    path("", include("apps.customers.urls")),
    path("", include("apps.signals.urls")),
    path("", include("apps.scoring.urls")),
    path("", include("apps.review.urls")),
    path("", include("apps.reports.urls")),
]
handler400 = "apps.core.views.bad_request"
handler403 = "apps.core.views.permission_denied"
handler404 = "apps.core.views.not_found"
handler500 = "apps.core.views.server_error"
