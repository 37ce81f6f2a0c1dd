"""Training on a CPU or one GPU: resumable, seeded, one line of progress every half minute."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.training.export import Shape
from assistant.training.feed import CHUNK, Example, Feed
from assistant.training.induction import prime
from assistant.training.model import Network
from assistant.training.rows import TEMPERATURE
from assistant.training.vocabulary import Encoder

SMOOTHED: Final = 0.08
"""Share of the decision's probability that goes to all decisions alike: about as many labels are wrong."""
BELIEVED: Final = 0.6
"""Weight of what a teacher thinks of a person's sentence, beside its label."""
REST_WEIGHT: Final = 0.8
"""Weight of the tokens of an answer after its first."""
TEXT_WEIGHT: Final = 0.15
TEXT_SHARE: Final = 0.1
"""Weight of foretelling the sentence itself, and the share of its tokens for which it is done."""
IGNORED: Final = -100
MEAN_DECAY: Final = 0.998
EMBEDDING_RATE: Final = 0.3
"""Share of the rate for the embeddings, which begin where their meanings are and shall not forget them."""
EMBEDDING_DROPOUT: Final = 0.1
LENGTHS: Final = (8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
PLACES: Final = 128
"""Batches come in few sizes only: a processor's matrix kernels are compiled anew for every size."""
SAVED_EVERY_S: Final = 120.0
TOLD_EVERY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast."""

    steps: int
    batch: int = 256
    rate: float = 2e-3
    warm_steps: int = 100
    decay: float = 0.05
    workers: int = 2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Filled:
    """A batch as tensors."""

    tokens: Tensor
    first_at: Tensor
    """Flat place of the newline of every prompt."""
    allowed: Tensor
    """(rows, decisions): true for what the answer may begin with."""
    soft: Tensor
    """(rows, decisions): what a teacher thinks, and (rows): the weight of that."""
    believed: Tensor
    rest_at: Tensor
    rest: Tensor
    """Flat places of the tokens of answers, and what follows them."""
    text_at: Tensor
    text: Tensor
    kept: Tensor


def filled(examples: Sequence[Example], decisions: int, pad: int, draw: torch.Generator, width: int) -> Filled:
    """Return a batch as tensors."""
    longest = max(len(one.prompt) + len(one.answer) for one in examples)
    length = next((size for size in LENGTHS if size >= longest), longest)
    tokens = torch.full((len(examples), length), pad)
    allowed = torch.zeros((len(examples), decisions), dtype=torch.bool)
    soft, believed = torch.zeros((len(examples), decisions)), torch.zeros(len(examples))
    first_at: list[int] = []
    rest_at: list[int] = []
    rest: list[int] = []
    text_at: list[int] = []
    for row, one in enumerate(examples):
        whole = [*one.prompt, *one.answer]
        tokens[row, : len(whole)] = torch.tensor(whole)
        allowed[row, list(one.first)] = True
        if one.soft:
            places, shares = zip(*one.soft, strict=True)
            soft[row, list(places)] = torch.tensor(shares) / sum(shares)
            believed[row] = 1.0 if one.taught else BELIEVED
        end = len(one.prompt) - 1
        first_at.append(row * length + end)
        text_at += range(row * length, row * length + end)
        for place in range(len(one.prompt), len(whole)):
            rest_at.append(row * length + place)
            rest.append(whole[place + 1] if place + 1 < len(whole) else IGNORED)
    chosen = torch.tensor(text_at)[torch.rand(len(text_at), generator=draw) < TEXT_SHARE].tolist()
    flat = tokens.flatten()
    following = [int(flat[place + 1]) for place in chosen]
    kept = torch.rand((*tokens.shape, width), generator=draw) >= EMBEDDING_DROPOUT
    return Filled(
        tokens,
        torch.tensor(first_at),
        allowed,
        soft,
        believed,
        *_padded(rest_at, rest),
        *_padded(chosen, [IGNORED if token == pad else token for token in following]),
        kept.to(torch.bfloat16) / (1 - EMBEDDING_DROPOUT),
    )


def _padded(places: Sequence[int], tokens: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Return flat places and the tokens that follow there, as many as a multiple of PLACES, the rest ignored."""
    short = -len(places) % PLACES if places else PLACES
    return torch.tensor([*places, *[0] * short]), torch.tensor([*tokens, *[IGNORED] * short])


def loss(network: Network, batch: Filled, first_control: int) -> Tensor:
    """Return the loss of a batch; the decisions begin two tokens after `first_control`."""
    states = network.states(batch.tokens, batch.kept).flatten(0, 1)
    begin = first_control + 2
    logits = network.logits(states[batch.first_at]).float()
    among = slice(begin, begin + batch.allowed.shape[1])
    decided = logits.log_softmax(-1)[:, among]
    right = decided.masked_fill(~batch.allowed, -math.inf).logsumexp(-1)
    labelled = -(1 - SMOOTHED) * right - SMOOTHED * decided.mean(-1)
    taught = -(batch.soft * (logits[:, among] / TEMPERATURE).log_softmax(-1)).sum(-1)
    total = ((1 - batch.believed) * labelled + batch.believed * taught).mean()
    for places, tokens, weight in (
        (batch.rest_at, batch.rest, REST_WEIGHT),
        (batch.text_at, batch.text, TEXT_WEIGHT),
    ):
        summed = functional.cross_entropy(
            network.logits(states[places]).float(), tokens, ignore_index=IGNORED, reduction="sum"
        )
        total = total + weight * summed / (tokens != IGNORED).sum().clamp(min=1)
    return total


class Trainer:
    """A network on its way."""

    def __init__(self, shape: Shape, plan: Plan, encoder: Encoder, decisions: int, folder: Path) -> None:
        """Begin, or go on where `folder` says an earlier run stopped."""
        torch.manual_seed(plan.seed)
        torch.set_num_threads(1)
        self.plan, self.encoder, self.decisions, self.folder = plan, encoder, decisions, folder
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.network = Network(shape).to(self.device)
        self.mean = {name: value.detach().clone() for name, value in self.network.state_dict().items()}
        embedding = self.network.embedding.weight
        matrices = [
            parameter for parameter in self.network.parameters() if parameter.dim() > 1 and parameter is not embedding
        ]
        vectors = [parameter for parameter in self.network.parameters() if parameter.dim() == 1]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": plan.decay, "share": 1.0},
                {"params": vectors, "weight_decay": 0.0, "share": 1.0},
                {"params": [embedding], "weight_decay": 0.0, "share": EMBEDDING_RATE},
            ],
            lr=plan.rate,
            betas=(0.9, 0.98),
            fused=True,
        )
        self.step = 0
        self._resume()

    def begin(self, meanings: Path | None) -> None:
        """Start with embeddings as `meanings.write` left them, if there are any, and with heads that copy; not where training goes on."""
        if self.step:
            return
        if meanings is not None:
            with np.load(meanings) as table, torch.no_grad():
                at, vectors = torch.tensor(table["at"]), torch.tensor(table["vectors"])
                self.network.embedding.weight[at.to(self.device)] = vectors.to(self.device)
        prime(self.network, self.plan.seed)
        self.mean = {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def run(self, feed: Feed, judge: Callable[[Network], str], tell: Callable[[str], None]) -> None:
        """Train to the last step; what `judge` makes of the averaged network is told along."""
        began, told, saved, seen, losses = time.monotonic(), time.monotonic(), time.monotonic(), 0, 0.0
        first_step = self.step
        with ThreadPoolExecutor(self.plan.workers) as workers:
            for batches in feed.chunks(self.step // CHUNK):
                for batch in batches:
                    losses += self.advance(batch, workers)
                    seen += 1
                    if time.monotonic() - told > TOLD_EVERY_S:
                        pace = (time.monotonic() - began) / (self.step - first_step)
                        left = pace * (self.plan.steps - self.step) / 60
                        tell(
                            f"step {self.step}/{self.plan.steps} loss {losses / seen:.3f}, {pace:.2f} s/step, {left:.0f} min left"
                        )
                        told, seen, losses = time.monotonic(), 0, 0.0
                if time.monotonic() - saved > SAVED_EVERY_S or self.step >= self.plan.steps:
                    self.save()
                    tell(f"step {self.step}: {judge(self.averaged())}")
                    saved = time.monotonic()
                if self.step >= self.plan.steps:
                    return

    def advance(self, batch: Sequence[Example], workers: ThreadPoolExecutor) -> float:
        """Take one step; the batch is shared out among the workers, whose gradients are added in order."""
        rate = self.plan.rate * _share(self.step, self.plan)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        parts = [batch[place :: self.plan.workers] for place in range(self.plan.workers)]
        found = list(workers.map(self._gradients, parts, range(len(parts))))
        for place, parameter in enumerate(self.network.parameters()):
            parameter.grad = sum((gradients[place] for _, gradients in found[1:]), found[0][1][place]) / len(found)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(MEAN_DECAY, self.step / (self.step + 10))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.mean[name].lerp_(value, 1 - decay)
        return sum(float(value) for value, _ in found) / len(found)

    def _gradients(self, part: Sequence[Example], place: int) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the loss of a part of a batch and its gradients."""
        draw = torch.Generator().manual_seed((self.plan.seed << 40) + (self.step << 8) + place)
        ready = filled(part, self.decisions, self.encoder.pad, draw, self.network.shape.width)
        with torch.autocast(self.device, torch.bfloat16):
            value = loss(self.network, _moved(ready, self.device), self.encoder.vocabulary.first_control)
        return value.detach(), torch.autograd.grad(value, list(self.network.parameters()))

    def averaged(self) -> Network:
        """Return the network with the mean of its late weights."""
        found: Network = Network(self.network.shape).to(self.device)
        found.load_state_dict(self.mean)
        found.eval()
        return found

    def save(self) -> None:
        """Write everything that going on needs; a kill while writing leaves the last one."""
        state = {
            "shape": asdict(self.network.shape),
            "step": self.step,
            "network": self.network.state_dict(),
            "mean": self.mean,
            "optimizer": self.optimizer.state_dict(),
        }
        draft = self.folder / "training.pt.new"
        torch.save(state, draft)
        draft.replace(self.folder / "training.pt")

    def _resume(self) -> None:
        path = self.folder / "training.pt"
        if path.exists():
            state: Mapping[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
            self.step = state["step"]
            self.network.load_state_dict(state["network"])
            self.mean = state["mean"]
            self.optimizer.load_state_dict(state["optimizer"])


def _moved(batch: Filled, device: str) -> Filled:
    """Return the batch on a device."""
    if device == "cpu":
        return batch
    return Filled(*(getattr(batch, name).to(device) for name in Filled.__slots__))


def _share(step: int, plan: Plan) -> float:
    """Return the share of the full rate: up in a line, down in a cosine to a fiftieth."""
    if step < plan.warm_steps:
        return (step + 1) / plan.warm_steps
    done = (step - plan.warm_steps) / max(1, plan.steps - plan.warm_steps)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
