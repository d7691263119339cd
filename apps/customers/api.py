from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.permissions import actor_of
from apps.customers import schemas
from apps.customers import services as customers


def _caller(request: Request) -> dict[str, Any]:
    return {
        "source": "api",
        "actor": actor_of(request),
        "request_id": getattr(request._request, "request_id", None),
    }


def _answer(record_id: str, report: Any, ignored: list[str]) -> Response:
    return Response(
        {"id": record_id, "new_version": report.accepted > 0, "ignored": ignored}
    )


class AccountView(APIView):
    scope = "events"

    @extend_schema(
        operation_id="put_account",
        request={"application/json": schemas.record_schema("accounts")},
        responses={200: schemas.RecordSerializer},
    )
    def put(self, request: Request, account_id: str) -> Response:
        """Record what an account is from now on: a new version, never an edit.

        Personal values go to the vault; what remains are classes and keyed hashes.
        """
        at = datetime.now(UTC)
        row, ignored = schemas.checked_record(
            "accounts", account_id, request.data, as_of=at
        )
        report = customers.put_accounts(rows=[row], at=at, **_caller(request))
        return _answer(account_id, report, ignored)


class CustomerView(APIView):
    scope = "events"

    @extend_schema(
        operation_id="put_customer",
        request={"application/json": schemas.record_schema("customers")},
        responses={200: schemas.RecordSerializer},
    )
    def put(self, request: Request, customer_id: str) -> Response:
        """Record the person or organization behind accounts: a new version."""
        at = datetime.now(UTC)
        row, ignored = schemas.checked_record(
            "customers", customer_id, request.data, as_of=at
        )
        report = customers.put_customers(rows=[row], at=at, **_caller(request))
        return _answer(customer_id, report, ignored)


class ApiKeyView(APIView):
    scope = "events"

    @extend_schema(
        operation_id="put_api_key",
        request={"application/json": schemas.record_schema("api_keys")},
        responses={200: schemas.RecordSerializer},
    )
    def put(self, request: Request, key_id: str) -> Response:
        """Record an API key of an account, or its revocation: a new version."""
        at = datetime.now(UTC)
        row, ignored = schemas.checked_record(
            "api_keys", key_id, request.data, as_of=at
        )
        customers.require_account(account_id=row["account_id"])
        report = customers.put_api_keys(rows=[row], at=at, **_caller(request))
        return _answer(key_id, report, ignored)
