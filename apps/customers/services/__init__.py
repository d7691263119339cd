"""Customers and accounts: who is behind the keys, and what they share."""

from apps.customers.services.put import PutReport
from apps.customers.services.records import (
    put_account,
    put_accounts,
    put_api_keys,
    put_customers,
    put_payment_methods,
    require_account,
)
from apps.customers.services.values import put_values

__all__ = [
    "PutReport",
    "put_account",
    "put_accounts",
    "put_api_keys",
    "put_customers",
    "put_payment_methods",
    "put_values",
    "require_account",
]
