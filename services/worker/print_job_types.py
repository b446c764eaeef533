"""The registry of print job types. Importing it takes SciPy, which a worker that only cuts out does without."""

from collections.abc import Callable, Mapping

from services.worker.gang_sheet.handler import GangSheetHandler
from services.worker.handlers import Handler, Resources
from services.worker.print_check.handler import PrintCheckHandler
from services.worker.print_edges.handler import PrintEdgesHandler
from shared.models.job import JobType

PRINT_JOB_TYPES: Mapping[str, Callable[[Resources], Handler]] = {
    JobType.GANG_SHEET: GangSheetHandler,
    JobType.PRINT_CHECK: PrintCheckHandler,
    JobType.PRINT_EDGES: PrintEdgesHandler,
}
