from django.urls import path

from apps.customers import api

urlpatterns = [
    path("v1/customers/<str:customer_id>", api.CustomerView.as_view(), name="customer"),
    path("v1/accounts/<str:account_id>", api.AccountView.as_view(), name="account"),
    path("v1/api_keys/<str:key_id>", api.ApiKeyView.as_view(), name="api_key"),
]
