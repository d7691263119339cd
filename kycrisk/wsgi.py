"""The web application, ready before its first request."""

import gc
import os
from datetime import UTC, datetime

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kycrisk.settings")
application = get_wsgi_application()

from apps.assessments.services import warm  # noqa: E402 - needs the applications

warm(at=datetime.now(UTC))  # noqa: TID251 - an entry point
# What is loaded by now stays: the collector need not walk it with every request.
gc.collect()
gc.freeze()
