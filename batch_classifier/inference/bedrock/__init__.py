"""Amazon Bedrock: batch jobs and answers on demand, with its limits, prices and messages."""
