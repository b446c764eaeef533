"""The registry of print jobs, which need dependency group `print`: a folder with a handler, and one line here."""

from services.worker.job_types import JobTypes

PRINT_JOBS: JobTypes = {}
