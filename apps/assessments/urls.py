from django.urls import path

from apps.assessments import api

urlpatterns = [
    path("v1/assessments", api.Assessments.as_view()),
    path("v1/assessments/<str:assessment_id>", api.OneAssessment.as_view()),
    path(
        "v1/accounts/<str:account_id>/assessments", api.AssessmentsOfAccount.as_view()
    ),
]
