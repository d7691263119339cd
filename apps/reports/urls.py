from django.urls import path

from apps.reports import api, views

urlpatterns = [
    path(
        "v1/assessments/<str:assessment_id>/explanation", api.ExplanationView.as_view()
    ),
    path(
        "assessments/<str:assessment_id>/explanation",
        views.explanation,
        name="explanation",
    ),
    path(
        "assessments/<str:assessment_id>/explanation.pdf",
        views.explanation_file,
        name="explanation_pdf",
    ),
    path("audit", views.audit, name="audit"),
]
