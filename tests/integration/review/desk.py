"""A review desk: people, accounts, scores and decisions, through services."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.db import transaction

from apps.access.models import User
from apps.access.services import create_user
from apps.audit.services import Actor, record
from apps.core.ids import new_id
from apps.customers.models import Account
from apps.customers.services import put_accounts
from apps.decisions import services as policies
from apps.decisions.models import Decision
from apps.review import services
from apps.review.models import Case
from apps.review.services.log import record_case
from apps.scoring.models import ModelVersion, Score
from apps.scoring.selectors import model_content

ACTOR = Actor("system", "test")
PASSWORD = "correct horse battery staple"
COLUMNS = ["account_age_days", "shared_card_count_90d"]
# Numbers and words that only the model knows; no page may hold them too early.
SECRET = ("81 %", "LNK-01", "Evidence points", "figure-number", "+8.1")
TRIGGER = "14 other accounts use the same card"

REASON = {
    "code": "LNK-01",
    "family": "LNK",
    "direction": "raises",
    "points": 8.1,
    "text": TRIGGER,
    "customer_safe_key": None,
    "features": ["shared_card_count_90d"],
}


@dataclass
class Desk:
    """Makes what a test needs; `at` is the time at which everything happens."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        policies._cached.clear()  # a policy that an earlier test rolled back

    def person(self, role: str = "analyst", name: str = "") -> User:
        return create_user(
            email=f"{role}-{uuid4().hex[:8]}@example.org",
            password=PASSWORD,
            role=role,
            at=self.at,
            actor=ACTOR,
            name=name or role,
        )

    def account(self, account_id: str = "", **facts: Any) -> Account:
        name = account_id or f"acct_{uuid4().hex[:12]}"
        row = {
            "account_id": name,
            "created_at": self.at - timedelta(days=20),
            "kind": "organization",
            "plan": "team",
            "declared_country": "IE",
            "payment_type": "card",
            "payment_funding": "prepaid",
            "payment_fingerprint": f"card-{facts.pop('card', name)}",
            "email": f"someone@{name.replace('_', '-')}.example.org",
        }
        put_accounts(rows=[row | facts], source="bundle", at=self.at)
        return Account.objects.get(account_id=name)

    @cached_property
    def model(self) -> ModelVersion:
        with transaction.atomic():
            row = ModelVersion.objects.create(
                id=new_id("mdl", self.at),
                kind="entry",
                version=1 + ModelVersion.objects.count(),
                sha256="0" * 64,
                manifest={"columns": COLUMNS},
                as_of=self.at,
                seed=0,
                created_at=self.at,
            )
            record(
                kind="scoring.model.trained",
                object_type="model_version",
                object_id=row.id,
                version=1,
                content=model_content(row),
                actor=ACTOR,
                at=self.at,
            )
        return row

    def decision(
        self, account: Account, action: str = "review", **over: Any
    ) -> Decision:
        """Return a machine's decision on a score of 81 % with one reason."""
        reason = REASON | over.pop("reason", {})
        values = {
            "probability": 0.81,
            "own_probability": 0.81,
            "low": 0.55,
            "high": 0.95,
        } | over
        score = Score.objects.create(
            id=new_id("score", self.at),
            account=account,
            model=self.model,
            as_of=self.at,
            catalogue="test",
            features=[12.0, 14.0],
            contributions=[0.4, 1.9, -1.0],
            margin=1.3,
            reasons=[reason],
            **values,
        )
        return Decision.objects.create(
            id=new_id("dec", self.at),
            account=account,
            score=score,
            policy=policies.current_policy(at=self.at)[0],
            as_of=self.at,
            action=action,
            band="severe",
            source="machine",
            reasons=["LNK-01"],
        )

    def case(self, account: Account | None = None, **over: Any) -> Case:
        """Open a case; it is evidence first unless the test wants it otherwise."""
        mode = over.pop("mode", "evidence_first")
        decision = self.decision(account or self.account(), **over)
        made = services.open_cases(decisions=[decision], as_of=self.at, at=self.at)
        return self._routed(Case.objects.get(pk=made[decision.id]), mode)

    def _routed(self, case: Case, mode: str) -> Case:
        """Give a case the mode that a test is about; else a twentieth were blind."""
        if case.mode != mode:
            with transaction.atomic():
                case.mode = mode
                case.row_version += 1
                case.save(update_fields=["mode", "row_version"])
                record_case(case, "routed", actor=ACTOR, at=self.at)
        return case

    def held(self, user: User, **over: Any) -> Any:
        """Open a case and lease it to somebody; return the lease."""
        case = self.case(**over)
        return services.take_case(case_id=case.id, user=user, at=self.at)

    def judged(self, user: User, **over: Any) -> Any:
        """Lease a case and record an impression; return the lease."""
        lease = self.held(user, **over)
        services.record_impression(
            case_id=lease.case_id,
            token=lease.token,
            user=user,
            leaning="abuse",
            confidence="medium",
            at=self.at,
        )
        return lease

    def proposed(self, user: User, **over: Any) -> Case:
        """Return a case on which somebody proposed to suspend."""
        lease = self.judged(user, **over)
        services.decide(
            case_id=lease.case_id,
            token=lease.token,
            user=user,
            made=suspend(),
            at=self.at,
        )
        return Case.objects.get(pk=lease.case_id)


def suspend() -> services.Conclusion:
    return services.Conclusion("suspend", ["LNK-81"], "Fourteen accounts, one card.")
