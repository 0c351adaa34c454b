"""Which assets are measured together."""

READ = ("raw_requests", "bedrock_jsonl")
ENGINE = ("batch_job",)
WRITE = ("classifications", "category_summary", "result_files")
ALL = (*READ, *ENGINE, *WRITE)
