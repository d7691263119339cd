"""A service that answers from a list: the remote side of the client's tests."""

import gzip
import json
import threading

import httpx
from kycrisk_client import Fallback, KYCRisk


class Service:
    """Answers from a list, the last one again and again; keeps what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.lock = threading.Lock()

    def __call__(self, request):
        with self.lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def rows(self, at):
        request = self.requests[at]
        content = request.content
        if request.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return [json.loads(line) for line in content.splitlines()]


def client(service, fallback=None, **options):
    return KYCRisk(
        api_key="secret-key-of-test",
        base_url="https://risk.example",
        on_unavailable=fallback or Fallback.raises(),
        http=httpx.MockTransport(service),
        **options,
    )


def accepted(request):
    content = request.content
    if request.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    number = len(content.splitlines())
    return httpx.Response(200, json={"accepted": number, "duplicates": 0})


def assess(one, **more):
    return one.assessments.create(event="signup", account={"id": "acct-1"}, **more)
