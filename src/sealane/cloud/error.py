"""The cloud's refusals."""


class CloudError(Exception):
    """A refusal in the cloud's own words; clients match the code letter by letter, misspellings included.

    Args:
        code: The cloud's error code.
        message: What to tell the user: the thing, what was found, what was expected.
        status: HTTP status that the cloud sends with this code.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
