"""onnxruntime sessions of one network that share its weights, its optimized graph and the memory of its tensors.

onnxruntime optimizes the graph once, for this processor, into a small file and a file of weights, which is mapped.
Sessions read the weights where they are, instead of a copy each (U2-Net: 168 MB). The files are removed at once: the
kernel keeps the mapped one until the process ends, and may drop pages of it that have not been read for long.

All sessions share one arena, without which an inference takes a third more processor time. It extends by the size that
is asked for (by default its regions double), and tensors are neither placed in one planned block nor reused by size,
which the arena does better. It returns memory only at the end of a run that says so, hence the network that copies a
number.
"""

import mmap
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime

from shared import malloc

_WEIGHTS = "weights"
_LEAST_BYTES = "1024"  # of a constant that is moved there
_PROVIDERS = ["CPUExecutionProvider"]
# An ONNX file: Identity of x, one float, to y.
_COPY = bytes.fromhex(
    "08073a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a020801620f0a0179120a0a08080112040a02"
    "080142040a00100d"
)


class Sessions:
    """Makes sessions; must live as long as they do, because they read its memory."""

    def __init__(self, file: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            graph = Path(folder) / "graph"
            _optimize(file, graph)
            self._graph = graph.read_bytes()
            self._weights = _mapped(graph.with_name(_WEIGHTS))
        malloc.give_back()  # U2-Net's file was in memory twice

    def make(self, threads: int) -> onnxruntime.InferenceSession:
        options = _options(threads)
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        if self._weights:
            options.add_external_initializers_from_files_in_memory([_WEIGHTS], [self._weights], [len(self._weights)])
            options.add_session_config_entry("session.use_external_initializer_file_buffers_directly", "1")
        session = onnxruntime.InferenceSession(self._graph, options, providers=_PROVIDERS)
        if self._weights:
            self._weights.madvise(mmap.MADV_DONTNEED)  # a session that has packed its weights reads them no more
        return session


def give_back() -> None:
    """Return what no running inference needs to the system; the next ones ask for it again."""
    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    _copy().run(None, {"x": np.zeros(1, np.float32)}, options)
    malloc.give_back()


def _optimize(file: Path, graph: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors; it warns that the result fits this processor only
    options.optimized_model_filepath = str(graph)
    options.add_session_config_entry("session.optimized_model_external_initializers_file_name", _WEIGHTS)
    options.add_session_config_entry("session.optimized_model_external_initializers_min_size_in_bytes", _LEAST_BYTES)
    options.add_session_config_entry("session.disable_prepacking", "1")  # this session runs nothing
    onnxruntime.InferenceSession(str(file), options, providers=_PROVIDERS)


def _mapped(file: Path) -> mmap.mmap | None:
    if not file.exists() or not file.stat().st_size:
        return None  # no constant is that large
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, prot=mmap.PROT_READ)


@cache
def _copy() -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(_COPY, _options(threads=1), providers=_PROVIDERS)


def _options(threads: int) -> onnxruntime.SessionOptions:
    _share_arena()
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.enable_mem_pattern = False
    options.enable_mem_reuse = False
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # waiting must not occupy a core
    return options


@cache
def _share_arena() -> None:
    """Once per process; sessions use it with `use_env_allocators`."""
    memory = onnxruntime.OrtMemoryInfo(
        "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
    )
    as_requested = onnxruntime.OrtArenaCfg({"arena_extend_strategy": 1})
    onnxruntime.create_and_register_allocator(memory, as_requested)
