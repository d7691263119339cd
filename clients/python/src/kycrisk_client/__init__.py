"""Client of the KYCRisk API.

`KYCRisk` and `AsyncKYCRisk` call it, `webhooks.verify` checks what it sends, and
`kycrisk_client.sketches` makes the keyed sketches of prompts.
"""

from kycrisk_client import errors, webhooks
from kycrisk_client.aio import AsyncKYCRisk
from kycrisk_client.answers import Assessment, BatchAnswer, Interval, Reason
from kycrisk_client.client import KYCRisk
from kycrisk_client.fallback import Fallback

__all__ = [
    "Assessment",
    "AsyncKYCRisk",
    "BatchAnswer",
    "Fallback",
    "Interval",
    "KYCRisk",
    "Reason",
    "errors",
    "webhooks",
]
