"""The errors that the emulated services answer with."""

from moto.core.exceptions import JsonRESTError, ServiceException


class BedrockError(ServiceException):
    """An error by code and message; its HTTP status comes from botocore's service model.

    A class of its own, because moto looks for a service model named after the module that an error comes from.
    """


class ExpiredToken(JsonRESTError):
    """What a caller meets whose session ended. No service model has it, so the status is given here."""

    code = 403

    def __init__(self) -> None:
        super().__init__("ExpiredTokenException", "The security token included in the request is expired")
