from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.access.models import ServiceKey
from apps.access.selectors import service_key

_MAX_BYTES = 200


class ServiceKeyBearer(BaseAuthentication):
    """`Authorization: Bearer <key>`; the key becomes request.user and request.auth."""

    def authenticate(self, request: Request) -> tuple[ServiceKey, ServiceKey] | None:
        header = get_authorization_header(request)
        if not header:
            return None
        word, _, secret = header.partition(b" ")
        if word.lower() != b"bearer" or not secret or len(secret) > _MAX_BYTES:
            raise AuthenticationFailed
        key = service_key(secret.decode("latin-1").strip())
        if key is None or (key.test and settings.KYCRISK_ENV == "production"):
            raise AuthenticationFailed
        return key, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - REST framework's signature
        return "Bearer"


class ServiceKeyScheme(OpenApiAuthenticationExtension):
    """What the OpenAPI document says of keys."""

    target_class = ServiceKeyBearer
    name = "serviceKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:  # noqa: ARG002 - drf-spectacular's signature
        return {"type": "http", "scheme": "bearer", "description": "a service key"}
