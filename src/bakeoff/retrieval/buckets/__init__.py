"""Indexes in object storage: a log of rows in a bucket, and a LanceDB table of them on each machine."""
