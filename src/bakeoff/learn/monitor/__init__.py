"""What use shows about a deployment: figures by window, drift, new topics, alarms, and whether the verdict stands."""
