"""Folders of files, on this machine or on S3, and the keys of what stands in the internal folder."""
