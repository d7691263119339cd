from django.urls import path

from apps.assessments import api, views

urlpatterns = [
    path("v1/assessments", api.Assessments.as_view()),
    path("v1/assessments/<str:assessment_id>", api.OneAssessment.as_view()),
    path(
        "v1/accounts/<str:account_id>/assessments", api.AssessmentsOfAccount.as_view()
    ),
    path("import", views.imports, name="imports"),
    path("import/upload", views.upload, name="import_upload"),
    path("import/folder", views.folder, name="import_folder"),
    path("import/assess", views.assess, name="import_assess"),
    path("import/assessing/<str:job_id>", views.assessing, name="assessing"),
    path("import/<str:import_id>", views.one, name="import"),
    path("import/<str:import_id>/progress", views.progress, name="import_progress"),
    path("import/<str:import_id>/map", views.read_as, name="import_map"),
    path("import/<str:import_id>/load", views.load, name="import_load"),
    path("import/<str:import_id>/<str:name>", views.step, name="import_step"),
]
