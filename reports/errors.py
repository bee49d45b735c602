"""The error of this package."""


class ResultsError(ValueError):
    """The results cannot be read, do not have the schema, or contradict themselves."""
