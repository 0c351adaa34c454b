"""The local engine: static embeddings that answer offline and free of charge, in the form of Bedrock's files."""
