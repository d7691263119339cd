"""Import in the browser: staged, mapped, checked, loaded, or discarded."""

from apps.assessments.services.intake.checking import (
    CHECK,
    SHOWN_REJECTS,
    check_import,
    request_check,
)
from apps.assessments.services.intake.loading import (
    ASSESS,
    LOAD,
    assess_now,
    load_import,
    request_again,
    request_assessment,
    request_load,
)
from apps.assessments.services.intake.staging import (
    Incoming,
    begin,
    discard,
    forget_old,
    inbox_folders,
    remap,
    reopen,
    server_files,
)

__all__ = [
    "ASSESS",
    "CHECK",
    "LOAD",
    "SHOWN_REJECTS",
    "Incoming",
    "assess_now",
    "begin",
    "check_import",
    "discard",
    "forget_old",
    "inbox_folders",
    "load_import",
    "remap",
    "reopen",
    "request_again",
    "request_assessment",
    "request_check",
    "request_load",
    "server_files",
]
