"""POST /v1/assessments and what was stored; thin shells that read the clock."""
