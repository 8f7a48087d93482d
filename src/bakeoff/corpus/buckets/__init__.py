"""Documents in object storage: a log of changes in a bucket, and a copy of them on each machine."""
