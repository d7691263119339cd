from django.urls import path

from apps.scoring import views

urlpatterns = [
    path("models", views.model_list, name="models"),
    path("models/<str:model_id>", views.model_card, name="model"),
    path("models/<str:model_id>/approve", views.model_approve, name="model-approve"),
]
