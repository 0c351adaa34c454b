"""From batches to finished jobs: submitted or adopted, followed, and sent again where answers are missing."""
