"""A voice in Piper's format that says a tone for every phoneme: the real signature, weights of no use."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

RATE_HZ = 22_050
SAMPLES = 256
"""Of one phoneme."""


def make(path: Path) -> Path:
    """Write `path` and its JSON; return `path`."""
    from piper.phoneme_ids import DEFAULT_PHONEME_ID_MAP

    times = np.arange(SAMPLES) / RATE_HZ
    tones = np.stack(
        [0.3 * np.sin(2 * np.pi * (120 + 5 * pitch) * times) * np.hanning(SAMPLES) for pitch in range(256)]
    )
    constants = [
        numpy_helper.from_array(tones.astype(np.float32), "tones"),
        numpy_helper.from_array(np.array([1, 1, 1, -1], np.int64), "shape"),
        numpy_helper.from_array(np.array(0, np.float32), "zero"),
    ]
    nodes = [
        helper.make_node("Gather", ["tones", "input"], ["rows"]),
        helper.make_node("Reshape", ["rows", "shape"], ["sound"]),
        helper.make_node("ReduceMax", ["scales"], ["scale"], keepdims=0),
        helper.make_node("Cast", ["input_lengths"], ["lengths"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMax", ["lengths"], ["length"], keepdims=0),
        helper.make_node("Add", ["scale", "length"], ["unused"]),
        helper.make_node("Mul", ["unused", "zero"], ["nothing"]),
        helper.make_node("Add", ["sound", "nothing"], ["output"]),
    ]
    inputs = [
        helper.make_tensor_value_info("input", TensorProto.INT64, ["batch", "phonemes"]),
        helper.make_tensor_value_info("input_lengths", TensorProto.INT64, ["batch"]),
        helper.make_tensor_value_info("scales", TensorProto.FLOAT, [3]),
    ]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, ["batch", 1, 1, "time"])]
    graph = helper.make_graph(nodes, "tones", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)])
    model.ir_version = 8
    onnx.save(model, str(path))
    settings = {
        "audio": {"sample_rate": RATE_HZ, "quality": "medium"},
        "espeak": {"voice": "en-us"},
        "phoneme_type": "espeak",
        "num_symbols": 256,
        "num_speakers": 1,
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_id_map": DEFAULT_PHONEME_ID_MAP,
        "piper_version": "1.0.0",
        "hop_length": SAMPLES,
    }
    path.with_name(f"{path.name}.json").write_text(json.dumps(settings))
    return path
