"""The REST service: takes pictures in, promises jobs, shows how they go. Never runs a model."""
