from apps.assessments.schemas.request import AssessmentRequest, read_request

__all__ = ["AssessmentRequest", "read_request"]
