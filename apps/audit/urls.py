from django.urls import path

from apps.audit import api

urlpatterns = [
    path("audit/checkpoint", api.CheckpointView.as_view(), name="audit-checkpoint"),
    path("audit/proof", api.ProofView.as_view(), name="audit-proof"),
]
