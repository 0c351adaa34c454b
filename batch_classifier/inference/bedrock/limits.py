"""Limits of a batch job on Bedrock.

They are those of "Prerequisites for batch inference" in the Amazon Bedrock user guide; the live ones are in Service Quotas.
"""

from batch_classifier.inference.interface import JobLimits

LIMITS = JobLimits(minimum_records=100, maximum_records=50_000, maximum_bytes=1_000_000_000)
