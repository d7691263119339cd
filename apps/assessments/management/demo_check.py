"""Ask a running demo over HTTP what a newcomer would ask, then stop it."""

import json
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from io import StringIO
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

from django.conf import settings
from django.core.management import call_command

from apps.core.commands import Unusable

if TYPE_CHECKING:
    from http.client import HTTPResponse

_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


def check(
    *, people: Mapping[str, Mapping[str, str]], say: Callable[[str], None]
) -> dict[str, Any]:
    """Serve, ask, stop; raise Unusable naming the first answer that is not right."""
    service = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", "0"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        address = _address(service)
        analyst, auditor = Visitor(address, say), Visitor(address, say)
        analyst.sign_in(**people["analyst"])
        analyst.expect("queue", analyst.get("/queue"), "Next case")
        analyst.work_a_case()
        auditor.sign_in(**people["auditor"])
        auditor.read_an_explanation()
        auditor.call_the_api(_api_key())
        return {"checked": analyst.checked + auditor.checked}
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait(timeout=30)


def _address(service: "subprocess.Popen[str]") -> str:
    assert service.stdout is not None  # noqa: S101 - it was opened as a pipe above
    for line in service.stdout:
        found = re.search(r"http://[^\s/]+", line)
        if found:
            return found.group()
    raise Unusable("The service ended before it was ready; its messages are above.")


def _api_key() -> str:
    out = StringIO()
    words = ("--name", "demo check", "--scopes", "assess,read", "--test", "--json")
    call_command("create_api_key", *words, stdout=out)
    return str(json.loads(out.getvalue().strip().splitlines()[-1])["key"])


class Visitor:
    """A browser without pictures, and a signup flow."""

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        self.address = address
        self.say = say
        self.checked: list[str] = []
        self._open = build_opener(HTTPCookieProcessor(CookieJar())).open

    def sign_in(self, *, email: str, password: str) -> None:
        page = self.get("/login")
        self.post("/login", page, {"login": email, "password": password})

    def work_a_case(self) -> None:
        """Take the next case and see its evidence."""
        case = self.post("/queue/next", self.get("/queue"), {})
        self.expect("case", case, "Points toward abuse")

    def read_an_explanation(self) -> None:
        """Open the newest explanation of the first account that nobody reviews."""
        accounts = self.get("/accounts?action=allow")
        account = self.follow(accounts, r'href="(/accounts/[^"?]+)"')
        explanation = self.follow(account, r'href="(/assessments/asm_\w+/explanation)"')
        self.expect("explanation", explanation, "points")

    def follow(self, page: str, link: str) -> str:
        """Return the page behind the first link of this form, or nothing."""
        found = re.search(link, page)
        return self.get(found.group(1)) if found else ""

    def call_the_api(self, key: str) -> None:
        now = datetime.now(UTC).isoformat()
        body = {
            "event": "signup",
            "occurred_at": now,
            "account": {"id": f"demo-{uuid.uuid4()}", "kind": "individual"},
            "signup": {"ip": "192.0.2.10", "form_ms": 5300},
            "payment": {"type": "card", "funding": "prepaid"},
        }
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": str(uuid.uuid4()),
        }
        status, answer = self._ask(
            "/v1/assessments", json.dumps(body).encode(), headers
        )
        made = json.loads(answer)
        right = status == 201 and made.get("action") and made.get("id")  # noqa: PLR2004 - created
        self.expect("POST /v1/assessments", "yes" if right else answer, "yes")
        _, again = self._ask(made["explanation_url"], None, headers)
        self.expect("GET explanation", again, "contributions")

    def get(self, path: str) -> str:
        return self._ask(path, None, {})[1]

    def post(self, path: str, page: str, fields: Mapping[str, str]) -> str:
        token = _TOKEN.search(page)
        form = {"csrfmiddlewaretoken": token.group(1) if token else "", **fields}
        referer = {"Referer": f"{self.address}{path}"}
        return self._ask(path, urlencode(form).encode(), referer)[1]

    def expect(self, name: str, text: str, needle: str) -> None:
        if needle not in text:
            said = " ".join(re.sub(r"<[^>]+>", " ", text).split())[:300]
            raise Unusable(f"{name} does not say {needle!r}; it says: {said}")
        self.checked.append(name)
        self.say(f"  {name}: answered")

    def _ask(
        self, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        url = path if path.startswith("http") else f"{self.address}{path}"
        request = Request(url, data=body, headers=dict(headers))  # noqa: S310 - loopback
        try:
            response: HTTPResponse = self._open(request, timeout=60)
        except HTTPError as refusal:
            return refusal.code, refusal.read().decode()
        with response:
            return response.status, response.read().decode()
