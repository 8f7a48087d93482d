"""Fine-tuning at a host: the job and its state on the disk, protocols of hosts, deployments, the adapter's download."""
