"""What Bedrock says when a job cannot succeed, and what to do about it."""

import re

# Messages that people meet, by a part of their text; none of these is mended by sending the job again.
ADVICE = {
    # Our own, of a job on demand (aws.refusals): they say what to do.
    r"AWS does not allow it|AWS session has expired|AWS does not accept|no AWS (credentials|Region)|no such AWS profile": "then materialize again",
    r"provided model identifier is invalid": "correct model.id in the prompt",
    r"Batch inference is not supported": "choose a model and Region with batch inference, or use fewer than 100 texts a file",
    r"not authorized to perform: iam:PassRole": "allow the caller iam:PassRole on BATCH_CLASSIFIER_BEDROCK_ROLE_ARN",
    r"Could not validate .* permissions": "give the job's role access to the internal bucket's prefix (and its KMS key)",
    r"permissions to invokeModel": "give the job's role bedrock:InvokeModel on the inference profile and its models",
    r"AccessDenied|not authorized": "give the caller, or the job's role, this permission",
    r"on-demand throughput isn.t supported": "use an inference profile's id as model.id",
}
TOO_FEW = re.compile(r"contains less records")


def advice_on(message: str) -> str | None:
    """What to do about a message of Bedrock's that no retry can mend; None for any other."""
    return next((advice for pattern, advice in ADVICE.items() if re.search(pattern, message, re.IGNORECASE)), None)
