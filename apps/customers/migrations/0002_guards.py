from django.db import migrations

from apps.audit.migrations_sql import must_audit
from apps.core.migrations_sql import append_only

WRITTEN_ONCE = (
    "customer",
    "customerversion",
    "account",
    "accountversion",
    "accountvalue",
    "apikey",
    "paymentmethod",
)
AUDITED = {
    "customerversion": "customer_version",
    "accountversion": "account_version",
    "apikey": "api_key",
    "paymentmethod": "payment_method",
}


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial"), ("audit", "0001_initial")]
    operations = [
        *(
            operation
            for name in WRITTEN_ONCE
            for operation in append_only(f"customers_{name}")
        ),
        *(
            operation
            for name, subject in AUDITED.items()
            for operation in must_audit(
                f"customers_{name}", subject, chunk_column="chunk"
            )
        ),
    ]
