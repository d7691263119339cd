"""Every audited kind of object, and the selector of its rows as they stand now."""

# A selector yields (id, version, content); verify_audit compares it with the log.
AUDIT_SUBJECTS: dict[str, str] = {
    "reference_set": "apps.reference.selectors.audited_sets",
    "active_reference": "apps.reference.selectors.audited_pointer",
    "account_version": "apps.customers.selectors.audited_account_versions",
    "customer_version": "apps.customers.selectors.audited_customer_versions",
    "api_key": "apps.customers.selectors.audited_api_keys",
    "payment_method": "apps.customers.selectors.audited_payment_methods",
    "user": "apps.access.selectors.audited_users",
    "service_key": "apps.access.selectors.audited_service_keys",
    "imported_file": "apps.signals.selectors.audited.imported_files",
    "outcome": "apps.signals.selectors.audited.outcomes",
    "ring_run": "apps.rings.selectors.audited_runs",
    "model_version": "apps.scoring.selectors.audited_models",
    "promotion_approval": "apps.scoring.selectors.audited_approvals",
    "policy": "apps.decisions.selectors.audited_policies",
    "decision": "apps.decisions.selectors.audited_decisions",
    "assessment": "apps.assessments.selectors.audited_assessments",
    "staged_import": "apps.assessments.selectors.audited_imports",
    "case": "apps.review.selectors.audited.audited_cases",
    "impression": "apps.review.selectors.audited.audited_impressions",
    "disposition": "apps.review.selectors.audited.audited_dispositions",
    "opinion": "apps.review.selectors.audited.audited_opinions",
    "approval": "apps.review.selectors.audited.audited_approvals",
    "note": "apps.review.selectors.audited.audited_notes",
    "sanctions_hit": "apps.review.selectors.audited.audited_hits",
}
