"""The REST service: accepts pictures, queues jobs and serves their results. Never runs a model."""
