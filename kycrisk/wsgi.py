"""The web application, ready before its first request."""

import gc
import os
import sys
from datetime import UTC, datetime

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kycrisk.settings")
application = get_wsgi_application()

from apps.assessments.services import warm  # noqa: E402 - needs the applications

warm(at=datetime.now(UTC))  # noqa: TID251 - an entry point
# What is loaded by now stays: the collector need not walk it with every request.
gc.collect()
gc.freeze()
# A waiting customer's thread gets its turn beside a batch after half a millisecond, not
# five: it asks for one after each of its questions to the database.
sys.setswitchinterval(0.0005)
