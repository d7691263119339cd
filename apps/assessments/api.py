"""POST /v1/assessments and what was stored; thin shells that read the clock."""

from datetime import UTC, datetime

from django.db import transaction
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.access.services import idempotency
from apps.assessments import services
from apps.assessments.models import Assessment
from apps.assessments.schemas import AssessmentRequest, answer, read_request
from apps.assessments.selectors import assessments_of, stored_answer
from apps.audit.services import Actor
from apps.core.errors import NotFoundError
from apps.customers import services as customers
from apps.customers.selectors import ids_of
