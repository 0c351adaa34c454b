"""What Bedrock says when a job cannot succeed, and what to do about it."""

import re

from batch_classifier.inference.interface import Failure, advice_on_refusal

# Messages that people meet, by a part of their text; none of these is mended by sending the job again.
ADVICE = {
    r"provided model identifier is invalid": "correct model.id in the prompt",
    r"Batch inference is not supported": "choose a model and Region with batch inference, or use fewer than 100 texts a file",
    r"not authorized to perform: iam:PassRole": "allow the caller iam:PassRole on BATCH_CLASSIFIER_BEDROCK_ROLE_ARN",
    r"Could not validate .* permissions": "give the job's role access to the internal bucket's prefix (and its KMS key)",
    r"permissions to invokeModel": "give the job's role bedrock:InvokeModel on the inference profile and its models",
    r"AccessDenied|not authorized": "give the caller, or the job's role, this permission",
    r"on-demand throughput isn.t supported": "use an inference profile's id as model.id",
}
_TOO_FEW = re.compile(r"contains less records")


def advice_on(message: str) -> str | None:
    """What to do about a message of Bedrock's, or of a job on demand, that no retry can mend; None for any other."""
    if (advice := advice_on_refusal(message)) is not None:
        return advice
    return next((advice for pattern, advice in ADVICE.items() if re.search(pattern, message, re.IGNORECASE)), None)


def failure_by(message: str) -> Failure:
    """What the message of a failed job means."""
    return Failure(advice_on(message), _TOO_FEW.search(message) is not None)
