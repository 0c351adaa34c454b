"""Limits of a batch job on Bedrock.

They are those of "Prerequisites for batch inference" in the Amazon Bedrock user guide; the live ones are in Service Quotas.
"""

MINIMUM_RECORDS = 100
MAXIMUM_RECORDS = 50_000
MAXIMUM_BYTES = 1_000_000_000
