"""Two attention heads that copy from the first step on; drawn at random they do not come about within our hours, and quoted names stay guesses.

Known as an induction head: one head of the first layer notes at every token which one stood before it; one of the second looks for
where that was the token at hand, and brings what followed. Both are drawn so at the start and learn like any other weight.
"""

import math
from typing import Final

import torch
from torch import Tensor

from assistant.training.export import ROPE_BASE, Shape
from assistant.training.model import Network

CONSTANT: Final = 0.5
"""Last dimension of every embedding, so that a query may be the same for all tokens; equal logits change no probability."""
SHARP: Final = 2.0
"""Scale of scores at the start."""
QUIET: Final = 0.1
"""Share of what the other heads and layers add at the start, or they drown which token it was."""
NOTE: Final = 0.2
BRING: Final = 1.0
"""How strongly the token before is noted, and what followed is brought."""
QUICK_PAIRS: Final = 10
"""Pairs of dimensions that turn fast enough to tell one place from the next."""
SLOW_TURN: Final = 0.8
FAR: Final = 60
"""Pairs that turn less than SLOW_TURN radians over FAR places may compare tokens."""


def prime(network: Network, seed: int) -> None:
    """Set the first two layers' first heads so; a network with fewer layers stays as drawn."""
    shape = network.shape
    if shape.layers < 2:
        return
    draw = torch.Generator().manual_seed(seed)
    known, noted = (_rows(shape.head, shape.width, draw) for _ in range(2))
    with torch.no_grad():
        for block in network.blocks:
            block.out.weight.mul_(QUIET)
            block.down.weight.mul_(QUIET)
        network.embedding.weight[:, -1] = CONSTANT
        _note_before(network, known, noted)
        _bring_what_followed(network, known, noted, draw)


def _note_before(network: Network, known: Tensor, noted: Tensor) -> None:
    """Let the first layer write what stood one token before, as seen through `known`, where `noted` reads it."""
    block, head = network.blocks[0], network.shape.head
    quick = min(QUICK_PAIRS, head // 2)
    turns = _rates(network.shape)[:quick]
    key, query = torch.zeros(head), torch.zeros(head)
    key[:quick] = 1.0
    query[:quick], query[head // 2 : head // 2 + quick] = torch.cos(-turns), torch.sin(-turns)
    constant = torch.zeros(network.shape.width)
    constant[-1] = 1.0
    block.query.weight[:head], block.key.weight[:head] = torch.outer(query, constant), torch.outer(key, constant)
    block.value.weight[:head], block.out.weight[:, :head] = known, noted.T * NOTE
    _sharpen(network, 0)


def _bring_what_followed(network: Network, known: Tensor, noted: Tensor, draw: torch.Generator) -> None:
    """Let the second layer look for the token at hand among the noted ones, and add the token that stands there."""
    block, head = network.blocks[1], network.shape.head
    slow = (_rates(network.shape) * FAR < SLOW_TURN).nonzero().flatten()
    places = torch.cat((slow, slow + head // 2))
    compared = torch.linalg.qr(torch.randn(head, head, generator=draw))[0][: len(places)]
    block.query.weight[:head], block.key.weight[:head] = 0.0, 0.0
    block.query.weight[places], block.key.weight[places] = compared @ known, compared @ noted
    brought = _rows(head, network.shape.width, draw)
    block.value.weight[:head], block.out.weight[:, :head] = brought, brought.T * BRING
    _sharpen(network, 1)


def _sharpen(network: Network, layer: int) -> None:
    network.blocks[layer].query_norm.weight.fill_(math.sqrt(SHARP))
    network.blocks[layer].key_norm.weight.fill_(math.sqrt(SHARP))


def _rates(shape: Shape) -> Tensor:
    """Return by how many radians each pair of dimensions turns from place to place."""
    rates: Tensor = ROPE_BASE ** (-torch.arange(0, shape.head, 2, dtype=torch.float32) / shape.head)
    return rates


def _rows(count: int, width: int, draw: torch.Generator) -> Tensor:
    """Return rows at right angles that leave out the constant dimension."""
    found = torch.zeros(count, width)
    found[:, :-1] = torch.linalg.qr(torch.randn(width - 1, count, generator=draw))[0].T
    return found
