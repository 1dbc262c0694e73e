"""An adapted model's adapters as one GGUF file, as llama.cpp loads it.

The format is that of llama.cpp's ``convert_lora_to_gguf.py``: beside the keys below, for each
adapted matrix NAME the tensors ``NAME.lora_a`` (rank, columns) and ``NAME.lora_b`` (rows, rank).
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
from torch import nn

from scripts.starter.llm.export import gguf_name

from .layers import adapters


def export(model: nn.Module, out: Path, alpha: float, name: str) -> None:
    """Write the adapters, as 16-bit floats. ``name``: what the file says it is called."""
    writer = gguf.GGUFWriter(str(out), "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(name)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    for matrix, layer in adapters(model):
        for part, weight in (("lora_a", layer.a), ("lora_b", layer.b)):
            values = weight.detach().numpy().astype(np.float16)
            writer.add_tensor(f"{gguf_name(matrix)}.{part}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
