"""What AWS refuses, told in one sentence a person can act on; the pipeline and the deployment's tools say the same.

The codes are those that the services send, the other names those of botocore's own exceptions; S3 answers a HEAD request with
the bare HTTP status.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from textwrap import shorten

from batch_classifier.errors import ClassifierError

NOT_ALLOWED = frozenset(
    {"AccessDenied", "AccessDeniedException", "403", "Forbidden", "AllAccessDisabled", "UnauthorizedException"}
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
UNKNOWN_CALLER = frozenset(
    {
        *("InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"),
        *("UnrecognizedClientException", "AuthFailure"),
    }
)
THROTTLED = frozenset(
    {"SlowDown", "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}
)
MISSING = frozenset(
    {
        *("NoSuchBucket", "NoSuchKey", "404", "NotFound", "NoSuchEntity", "NoSuchEntityException"),
        *("EntityNotFoundException", "ResourceNotFoundException"),
        *("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
    }
)
_SIGNED_OUT = {"TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "LoginRefreshRequired"}
_NO_CREDENTIALS = {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}
_UNREACHABLE = {
    *("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError"),
    *("ProxyConnectionError", "SSLError"),
}
_OTHER_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
_OWN_FAULT = {
    *("InternalError", "InternalFailure", "InternalServerException", "InternalServerError", "500"),
    *("ServiceUnavailable", "ServiceUnavailableException", "503"),
}

# What is wrong and what to do, by the codes and names that mean it; {words} are AWS's own.
_CAUSES: tuple[tuple[frozenset[str] | set[str], str], ...] = (
    ({"NoRegionError"}, "no AWS Region is set; set AWS_REGION"),
    ({"InvalidRegionError"}, "that is no AWS Region ({words}); correct AWS_REGION"),
    ({"ProfileNotFound"}, "there is no such AWS profile ({words}); correct AWS_PROFILE, or set that profile up"),
    (_NO_CREDENTIALS, "no AWS credentials were found; sign in, or set AWS_PROFILE"),
    (EXPIRED | _SIGNED_OUT, "the AWS session has expired; sign in again"),
    (_UNREACHABLE, "AWS cannot be reached ({words}); look at the network and at AWS_ENDPOINT_URL"),
    (UNKNOWN_CALLER, "AWS does not accept these credentials ({words}); sign in again, or set AWS_PROFILE"),
    (NOT_ALLOWED, "AWS does not allow it; give the caller this permission ({words})"),
    (_OTHER_REGION, "the bucket is in another Region; set AWS_REGION to the bucket's own ({words})"),
    ({"NoSuchBucket"}, "the bucket does not exist; create it, or mend its name in the settings"),
    ({"404", "NoSuchKey"}, "the file is not there any more; put it back, or materialize the asset that makes it"),
    # The answer to a HEAD request has no room for the reason.
    ({"400"}, "S3 refuses the call without a reason; most often the AWS session has expired: sign in again"),
    (THROTTLED, "AWS still throttles the calls after several tries; start again later"),
    (_OWN_FAULT, "AWS has a fault of its own ({words}); start again later"),
)
_CLAUSES = {name: clause for names, clause in _CAUSES for name in names}
# Parts of those clauses that tell of what is refused every time until a person does something about it.
_UNTIL_MENDED = (
    *("AWS does not allow it", "AWS session has expired", "AWS does not accept", "no AWS credentials", "no AWS Region"),
    "no such AWS profile",
)
# Longer words of AWS repeat what was sent to it.
_WORDS_LENGTH = 400


@contextmanager
def told_plainly(doing: str) -> Iterator[None]:
    """Turn what boto3 raises into a ClassifierError; `doing` completes "Cannot …"."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (ClientError, BotoCoreError) as error:
        advice = "" if _clause(error) else "; `batch-classifier doctor` looks for what is missing or set wrong"
        raise ClassifierError(f"Cannot {doing}: {explain(error)}{advice}.") from error


def explain(error: Exception) -> str:
    """What is wrong and what to do, as a clause without a full stop."""
    code, clause = error_code(error), _clause(error)
    if clause is not None:
        return clause.format(words=words_of(error))
    if code:
        return f"{getattr(error, 'operation_name', 'AWS')} was answered with {code}: {words_of(error)}"
    return words_of(error)


def _clause(error: Exception) -> str | None:
    return _CLAUSES.get(error_code(error) or type(error).__name__)


def needs_a_person(said: str) -> bool:
    """Whether a sentence of `told_plainly` tells of what is refused until a person has mended it."""
    return any(clause in said for clause in _UNTIL_MENDED)


def error_code(error: Exception) -> str:
    """The service's code of a botocore ClientError; empty for any other error."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def words_of(error: Exception) -> str:
    """AWS's own words, or botocore's where there is no answer; one line without a full stop."""
    response = getattr(error, "response", None) or {}
    code = error_code(error)
    words = str(response.get("Error", {}).get("Message") or "").strip() or code or str(error)
    if code in UNKNOWN_CALLER:
        # What follows about a signature is the signed request, with the session's token.
        words = words.partition(". ")[0].splitlines()[0]
    return shorten(words, _WORDS_LENGTH, placeholder=" …").rstrip(".")
