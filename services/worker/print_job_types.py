"""The registry of print jobs, which need dependency group `print`: a folder with a handler, and one line here."""

from services.worker.cutline.handler import CutlineHandler
from services.worker.enlargement.handler import EnlargementHandler
from services.worker.gang_sheet.handler import GangSheetHandler
from services.worker.job_types import JobTypes
from services.worker.print_check.handler import PrintCheckHandler
from services.worker.print_edges.handler import PrintEdgesHandler
from services.worker.print_file.handler import PrintFileHandler
from services.worker.vector.handler import VectorHandler
from shared.models.job import JobType

PRINT_JOBS: JobTypes = {
    JobType.ENLARGEMENT: EnlargementHandler,
    JobType.GANG_SHEET: GangSheetHandler,
    JobType.CUTLINE: CutlineHandler,
    JobType.PRINT_CHECK: PrintCheckHandler,
    JobType.PRINT_EDGES: PrintEdgesHandler,
    JobType.VECTOR: VectorHandler,
    JobType.PRINT_FILE: PrintFileHandler,
}
