"""The worker: runs each job from its claim to its end, and sends wake-ups for jobs that were missed."""
