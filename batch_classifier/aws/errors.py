"""What S3, Glue and Athena refuse, told in one sentence a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from batch_classifier.errors import ClassifierError

# Error codes as the services send them; S3 answers a HEAD request with the bare HTTP status.
_NOT_ALLOWED = {
    "AccessDenied",
    "AccessDeniedException",
    "403",
    "Forbidden",
    "AllAccessDisabled",
    "UnauthorizedException",
}
_OTHER_REGION = {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_UNKNOWN_CALLER = {
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_THROTTLED = {"SlowDown", "ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"}


@contextmanager
def told_plainly(doing: str, who: str = "The warehouse") -> Iterator[None]:
    """Turn what boto3 raises into a ClassifierError; `who` cannot do what `doing` says."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise ClassifierError(f"{who} cannot {doing}: {_refusal(error)}.") from error
    except BotoCoreError as error:
        raise ClassifierError(f"{who} cannot {doing}: {_failure(error)}.") from error


def error_code(error: Exception) -> str:
    """The service's code of a botocore ClientError; empty for any other error."""
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def _refusal(error: Exception) -> str:
    code, answer = error_code(error), getattr(error, "response", {}).get("Error", {})
    message = str(answer.get("Message", "")).strip().rstrip(".")
    if code == "NoSuchBucket":
        return "the bucket does not exist; create it, or mend its name in the settings"
    if code in ("404", "NoSuchKey"):
        return "the file is not there any more; put it back, or materialize the asset that makes it"
    if code in _NOT_ALLOWED:
        return f"AWS does not allow it; give the role this permission ({message or code})"
    if code in _OTHER_REGION:
        return f"the bucket is in another Region; set AWS_REGION to the bucket's own ({message or code})"
    if code == "400":
        # The answer to a HEAD request has no room for the reason.
        return "S3 refuses the call without a reason; most often the AWS session has expired: sign in again"
    if code in _EXPIRED:
        return "the AWS session has expired; sign in again"
    if code in _UNKNOWN_CALLER:
        return f"AWS does not accept these credentials ({message or code})"
    if code in _THROTTLED:
        return "AWS still throttles the calls after several tries; start again later"
    return f"{getattr(error, 'operation_name', 'AWS')} was answered with {code}: {message}"


def _failure(error: Exception) -> str:
    name = type(error).__name__
    if name == "NoRegionError":
        return "no AWS Region is set; set AWS_REGION"
    if name in ("NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"):
        return "no AWS credentials were found; sign in, or set AWS_PROFILE"
    if name in ("TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError", "LoginRefreshRequired"):
        return "the AWS session has expired; sign in again"
    return str(error).strip().rstrip(".")
