"""What AWS refuses to the deployment's tools, told in one sentence a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from batch_classifier.aws.errors import error_code
from batch_classifier.errors import ClassifierError

NOT_ALLOWED = {"AccessDenied", "AccessDeniedException", "UnauthorizedException", "403", "Forbidden"}
MISSING = {
    *("NoSuchBucket", "NoSuchKey", "404", "NoSuchEntity", "NoSuchEntityException", "EntityNotFoundException"),
    *("ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN_CALLER = {
    *("InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"),
    *("UnrecognizedClientException", "AuthFailure"),
}
_NO_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound"}
_SIGNED_OUT = {"TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "LoginRefreshRequired"}
_UNREACHABLE = {"EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"}


@contextmanager
def told_plainly(doing: str) -> Iterator[None]:
    """Turn what boto3 raises into a ClassifierError; `doing` completes "Cannot …"."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise ClassifierError(f"Cannot {doing}: {explain(error)}.") from error


def explain(error: Exception) -> str:
    """What is wrong and what to do, as a clause without a full stop."""
    code, kind = error_code(error), type(error).__name__
    if kind == "NoRegionError":
        return "no AWS Region is set; set AWS_REGION"
    if kind in _NO_CREDENTIALS:
        return "no AWS credentials were found; sign in, or set AWS_PROFILE"
    if code in _EXPIRED or kind in _SIGNED_OUT:
        return "the AWS session has expired; sign in again"
    if kind in _UNREACHABLE:
        return f"AWS cannot be reached ({_words(error)}); look at the network and at AWS_ENDPOINT_URL"
    if code in _UNKNOWN_CALLER:
        return f"AWS does not accept these credentials ({_words(error)})"
    if code in NOT_ALLOWED:
        return f"AWS does not allow it ({_words(error)})"
    return _words(error)


def _words(error: Exception) -> str:
    """AWS's own words, or botocore's where there is no answer."""
    response = getattr(error, "response", None) or {}
    words = str(response.get("Error", {}).get("Message") or "").strip() or error_code(error) or str(error)
    return " ".join(words.split()).rstrip(".")
