"""The network: Qwen3's layers, small. The one file that builds it; torch is asked for when training begins."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from assistant.training.export import EPSILON, ROPE_BASE, Shape

Turn = tuple[Tensor, Tensor, Tensor]
"""Cosines and sines of places, and minus infinity above the diagonal."""


class Network(nn.Module):
    """Token numbers to logits."""

    def __init__(self, shape: Shape) -> None:
        """Start at random."""
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width)
        places = torch.arange(shape.context, dtype=torch.float32)
        rates = ROPE_BASE ** (-torch.arange(0, shape.head, 2, dtype=torch.float32) / shape.head)
        angles = torch.outer(places, rates).repeat(1, 2)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)
        future = torch.full((shape.context, shape.context), float("-inf")).triu(1)
        self.register_buffer("future", future, persistent=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=shape.width**-0.5)
        for block in self.blocks:
            nn.init.normal_(block.down.weight, std=(2 * shape.layers * shape.inner) ** -0.5)
            nn.init.normal_(block.out.weight, std=(2 * shape.layers * shape.width) ** -0.5)

    def states(self, tokens: Tensor, kept: Tensor | None = None) -> Tensor:
        """Return the last layer's states, (batch, length, width), of token numbers (batch, length); `kept` multiplies the embeddings."""
        length = tokens.shape[1]
        turn = (self.cosine[:length], self.sine[:length], self.future)
        states = self.embedding(tokens)
        if kept is not None:
            states = states * kept
        for block in self.blocks:
            states = block(states, turn)
        return self.norm(states)

    def logits(self, states: Tensor) -> Tensor:
        """Return the logits of the next token; the embedding is the output's too."""
        return functional.linear(states, self.embedding.weight)


class Norm(nn.Module):
    """Root mean square norm; torch's own has no fast path where the states are half as wide as the weights."""

    def __init__(self, width: int) -> None:
        """Start as ones."""
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, states: Tensor) -> Tensor:
        """Return the states at length one, weighted."""
        size = states.float().square().mean(-1, keepdim=True)
        return states * (torch.rsqrt(size + EPSILON) * self.weight).to(states.dtype)


class Block(nn.Module):
    """Attention with normed queries and keys, then a gated layer."""

    def __init__(self, shape: Shape) -> None:
        """Start at random."""
        super().__init__()
        self.shape = shape
        self.before = Norm(shape.width)
        self.query = nn.Linear(shape.width, shape.heads * shape.head, bias=False)
        self.key = nn.Linear(shape.width, shape.pairs * shape.head, bias=False)
        self.value = nn.Linear(shape.width, shape.pairs * shape.head, bias=False)
        self.out = nn.Linear(shape.heads * shape.head, shape.width, bias=False)
        self.query_norm = Norm(shape.head)
        self.key_norm = Norm(shape.head)
        self.between = Norm(shape.width)
        self.gate = nn.Linear(shape.width, shape.inner, bias=False)
        self.up = nn.Linear(shape.width, shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, states: Tensor, turn: Turn) -> Tensor:
        """Return the states after the block."""
        states = states + self.attend(self.before(states), turn)
        normed = self.between(states)
        return states + self.down(functional.silu(self.gate(normed)) * self.up(normed))

    def attend(self, states: Tensor, turn: Turn) -> Tensor:
        """Return what causal attention brings."""
        batch, length, _ = states.shape
        size = (batch, length, -1, self.shape.head)
        query = _turned(self.query_norm(self.query(states).view(size)).transpose(1, 2), turn)
        key = _turned(self.key_norm(self.key(states).view(size)).transpose(1, 2), turn)
        value = self.value(states).view(size).transpose(1, 2)
        shared = self.shape.heads // self.shape.pairs
        key, value = key.repeat_interleave(shared, 1), value.repeat_interleave(shared, 1)
        scores = query @ key.transpose(-1, -2) * self.shape.head**-0.5 + turn[2][:length, :length]
        found = scores.softmax(-1).to(value.dtype) @ value
        return self.out(found.transpose(1, 2).reshape(batch, length, -1))


def _turned(states: Tensor, turn: Turn) -> Tensor:
    """Return queries or keys turned by their places, halves paired as in Qwen."""
    cosine, sine = (table.to(states.dtype) for table in turn[:2])
    first, second = states.chunk(2, -1)
    return states * cosine + torch.cat((-second, first), -1) * sine


def count(network: nn.Module) -> int:
    """Return how many parameters a network has."""
    return sum(parameter.numel() for parameter in network.parameters())
