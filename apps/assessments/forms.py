"""What a person sends on the way of an import; choices come from fixed lists."""

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.assessments.policy.names import IGNORED, targets
from apps.core.validation import RAW_TABLES

TABLES = tuple(RAW_TABLES)


class _Files(forms.ClearableFileInput):
    allow_multiple_selected = True


class _FilesField(forms.FileField):
    widget = _Files

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        given = data if isinstance(data, list | tuple) else [data]
        return [super(_FilesField, self).clean(one, initial) for one in given]


class UploadForm(forms.Form):
    upload = _FilesField(allow_empty_file=True)


class FolderForm(forms.Form):
    folder = forms.CharField(max_length=200)


class StepForm(forms.Form):
    """Every step names the version that the person saw."""

    version = forms.IntegerField(min_value=1)


class LoadForm(StepForm):
    as_of = forms.ChoiceField(choices=[("end", "end"), ("now", "now")])


class MappingForm(StepForm):
    """The reading of every file: `table-1`, `dates-1`, `column-1-1` and so on."""

    lenient = forms.BooleanField(required=False)

    def __init__(self, data: Mapping[str, Any], *, files: list[dict[str, Any]]) -> None:
        super().__init__(data)
        self._files = files
        for number, file in enumerate(files, 1):
            self.fields[f"table-{number}"] = forms.ChoiceField(
                choices=[(name, name) for name in TABLES]
            )
            self.fields[f"dates-{number}"] = forms.ChoiceField(
                choices=[("day", "day"), ("month", "month")], required=False
            )
            names = [IGNORED, *targets(file["table"])]
            for place in range(1, len(file["header"]) + 1):
                self.fields[f"column-{number}-{place}"] = forms.ChoiceField(
                    choices=[(name, name) for name in names], required=False
                )

    @property
    def chosen(self) -> list[dict[str, Any]]:
        """Return table, columns and order of dates of each file."""
        given = self.cleaned_data
        return [
            {
                "table": given[f"table-{number}"],
                "columns": [
                    given[f"column-{number}-{place}"]
                    for place in range(1, len(file["header"]) + 1)
                ],
                "day_first": given[f"dates-{number}"] == "day",
            }
            for number, file in enumerate(self._files, 1)
        ]

    @property
    def retold(self) -> bool:
        """Whether a file was said to be another table: its columns are guessed anew."""
        return any(
            one["table"] != file["table"]
            for one, file in zip(self.chosen, self._files, strict=True)
        )
