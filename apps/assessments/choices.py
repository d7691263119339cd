from django.db.models import TextChoices


class Event(TextChoices):
    """What occasioned an assessment."""

    SIGNUP = "signup"
    LOGIN = "login"
    PLAN_CHANGE = "plan_change"
    PAYMENT = "payment"
    VERIFICATION = "verification"
    RESCORE = "rescore"
    SCHEDULED = "scheduled"


class ImportState(TextChoices):
    """How far an import in the browser is. Facts enter the system while `loading`."""

    MAPPING = "mapping"
    CHECKING = "checking"
    CHECKED = "checked"
    LOADING = "loading"
    LOADED = "loaded"
    DISCARDED = "discarded"


# Where an import may go from each state, and by what.
NEXT_IMPORT_STATES: dict[ImportState, frozenset[ImportState]] = {
    ImportState.MAPPING: frozenset({ImportState.CHECKING, ImportState.DISCARDED}),
    ImportState.CHECKING: frozenset(
        {ImportState.CHECKED, ImportState.MAPPING, ImportState.DISCARDED}
    ),
    ImportState.CHECKED: frozenset(
        {ImportState.MAPPING, ImportState.LOADING, ImportState.DISCARDED}
    ),
    ImportState.LOADING: frozenset({ImportState.LOADED, ImportState.CHECKED}),
    ImportState.LOADED: frozenset(),
    ImportState.DISCARDED: frozenset(),
}
