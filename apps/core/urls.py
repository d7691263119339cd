from django.urls import path
from django_prometheus.exports import ExportToDjangoView
from drf_spectacular.views import SpectacularJSONAPIView

from apps.core import views

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("metrics", ExportToDjangoView, name="metrics"),
    path("docs", views.docs, name="docs"),
    path("v1/openapi.json", SpectacularJSONAPIView.as_view(), name="openapi"),
]
