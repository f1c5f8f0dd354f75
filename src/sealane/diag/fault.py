"""The world failed: a command, a daemon or the kernel refused."""


class Fault(Exception):  # noqa: N818 - a fault of the world, not an error of the input
    """An operation on the world that failed, told so that it can be acted on.

    Args:
        operation: What was attempted and on what.
        answer: What the world answered.
        remedy: What the operator can do about it.
    """

    def __init__(self, operation: str, answer: str, remedy: str) -> None:
        super().__init__(f"{operation}: {answer}")
        self.operation = operation
        self.answer = answer
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.operation}: {self.answer}\n  fix: {self.remedy}"
