"""Proof that the file is the network: llama.cpp's tokens and logits beside ours, and answers under the grammar."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.training.export import EPSILON, ROPE_BASE, Shape, Weights
from assistant.training.vocabulary import Encoder
from assistant.understand.llama import BATCH_TOKENS, Llama


def logits(weights: Weights, shape: Shape, tokens: Sequence[int]) -> NDArray[np.float32]:
    """Return the logits of what follows the tokens: the network written out once more, without torch, in 32-bit floats."""
    states = weights["embedding.weight"][list(tokens)]
    for layer in range(shape.layers):
        block = {name.split(".", 2)[2]: value for name, value in weights.items() if name.startswith(f"blocks.{layer}.")}
        states = states + _attended(block, shape, _normed(states, block["before.weight"]))
        inner = _normed(states, block["between.weight"])
        gate = inner @ block["gate.weight"].T
        states = states + (gate / (1 + np.exp(-gate)) * (inner @ block["up.weight"].T)) @ block["down.weight"].T
    found: NDArray[np.float32] = weights["embedding.weight"] @ _normed(states[-1:], weights["norm.weight"])[0]
    return found


def _normed(states: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return states at length one, weighted."""
    size = np.sqrt((states**2).mean(-1, keepdims=True) + EPSILON)
    found: NDArray[np.float32] = states / size * weight
    return found


def _attended(block: Weights, shape: Shape, states: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what causal attention brings."""
    length = len(states)
    query = _normed((states @ block["query.weight"].T).reshape(length, -1, shape.head), block["query_norm.weight"])
    key = _normed((states @ block["key.weight"].T).reshape(length, -1, shape.head), block["key_norm.weight"])
    value = (states @ block["value.weight"].T).reshape(length, -1, shape.head)
    query, key = _turned(query), _turned(key)
    shared = shape.heads // shape.pairs
    key, value = key.repeat(shared, 1), value.repeat(shared, 1)
    scores = np.einsum("qhd,khd->hqk", query, key) * shape.head**-0.5
    scores += np.triu(np.full((length, length), -np.inf, np.float32), 1)
    scores = np.exp(scores - scores.max(-1, keepdims=True))
    scores /= scores.sum(-1, keepdims=True)
    found: NDArray[np.float32] = np.einsum("hqk,khd->qhd", scores, value).reshape(length, -1) @ block["out.weight"].T
    return found


def _turned(states: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return queries or keys turned by their places."""
    half = states.shape[-1] // 2
    rates = ROPE_BASE ** (-np.arange(half) / half)
    angles = np.outer(np.arange(len(states)), rates)[:, None, :].astype(np.float32)
    first, second = states[..., :half], states[..., half:]
    return np.concatenate(
        (first * np.cos(angles) - second * np.sin(angles), second * np.cos(angles) + first * np.sin(angles)), -1
    )


def compared(path: Path, weights: Weights, shape: Shape, encoder: Encoder, texts: Sequence[str]) -> dict[str, Any]:
    """Return what `beside` finds for a network of ours."""
    return beside(
        path,
        shape.context,
        lambda text: encoder.prompts([text])[0],
        lambda tokens: logits(weights, shape, tokens),
        texts,
    )


def beside(
    path: Path,
    context: int,
    prompt: Callable[[str], list[int]],
    reference: Callable[[Sequence[int]], NDArray[np.float32]],
    texts: Sequence[str],
) -> dict[str, Any]:
    """Return how many sentences have the same tokens and the same likeliest next one, and how far the logits are apart."""
    llama = Llama(path, context, 1)
    same_tokens, same_best, apart, spread = 0, 0, [], []
    for text in texts:
        ours = prompt(text)[: context - 1]
        theirs = [*llama.tokenise(text, marks=False), *llama.tokenise("\n", marks=True)][: context - 1]
        same_tokens += ours == theirs
        llama.keep(0)
        for start in range(0, len(ours), BATCH_TOKENS):
            llama.evaluate(ours[start : start + BATCH_TOKENS])
        found, wanted = llama.scores(), reference(ours)
        same_best += int(found.argmax() == wanted.argmax())
        apart.append(float(np.abs(found - wanted).max()))
        spread.append(float(wanted.std()))
    return {
        "sentences": len(texts),
        "same_tokens": same_tokens,
        "same_best": same_best,
        "logits_apart_mean": round(float(np.mean(apart)), 5),
        "logits_apart_most": round(max(apart), 5),
        "logits_deviation": round(float(np.mean(spread)), 3),
    }
