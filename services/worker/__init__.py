"""The worker: runs each job from claim to event, and rings again for whatever was not heard."""
