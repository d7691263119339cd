from allauth.account import views as account
from allauth.mfa.base import views as mfa
from django.urls import include, path

urlpatterns = [
    path("login", account.login, name="login"),
    path("logout", account.logout, name="logout"),
    path("account/security", mfa.index, name="security"),
    # allauth's own names (account_login, mfa_activate_totp, ...) for its redirects.
    path("account/", include("allauth.urls")),
]
