"""Requests that a server or the loader did not answer."""

INVALID_ARGUMENT, NOT_FOUND = 3, 5


class RefusedError(RuntimeError):
    """A request that was answered with a status and a sentence.

    Attributes:
        code: As gRPC and TF_Code number them; 3 is INVALID_ARGUMENT.
    """

    def __init__(self, code: int, sentence: str):
        super().__init__(sentence)
        self.code = code
