from django.urls import path

from apps.review.views import accounts, actions, case, places, queue

urlpatterns = [
    path("", queue.home, name="home"),
    path("queue", queue.queue, name="queue"),
    path("queue/next", queue.next_case, name="next_case"),
    path("cases/<str:case_id>", case.case, name="case"),
    path("cases/<str:case_id>/take", actions.take, name="case_take"),
    path("cases/<str:case_id>/extend", actions.extend, name="case_extend"),
    path("cases/<str:case_id>/release", actions.release, name="case_release"),
    path("cases/<str:case_id>/impression", actions.impression, name="case_impression"),
    path("cases/<str:case_id>/sheet", actions.sheet, name="case_sheet"),
    path("cases/<str:case_id>/decide", actions.decide, name="case_decide"),
    path("cases/<str:case_id>/note", actions.note, name="case_note"),
    path("cases/<str:case_id>/opinion", actions.opinion, name="case_opinion"),
    path("cases/<str:case_id>/approve", actions.approve, name="case_approve"),
    path("rings", places.rings, name="rings"),
    path("rings/<str:ring_id>", places.ring, name="ring"),
    path("accounts", accounts.accounts, name="accounts"),
    path("accounts.csv", accounts.accounts_csv, name="accounts_csv"),
    path("accounts/<str:account_id>", accounts.account, name="account"),
    path("accounts/<str:account_id>/reveal", accounts.reveal, name="account_reveal"),
    path("keys/<str:key_id>", places.key, name="key"),
    path("jobs", places.jobs, name="jobs"),
    path("search", places.find, name="search"),
]
