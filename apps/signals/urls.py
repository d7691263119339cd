from django.urls import path

from apps.signals import api

urlpatterns = [
    path("v1/events/batch", api.EventBatchView.as_view(), name="events_batch"),
    path("v1/outcomes/batch", api.OutcomeBatchView.as_view(), name="outcomes_batch"),
    path("v1/provider", api.ProviderView.as_view(), name="provider"),
]
