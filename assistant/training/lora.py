"""A public Qwen checkpoint tuned with LoRA on the written-out set: the one file that loads transformers and peft."""

import itertools
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import peft
import torch
import transformers
from numpy.typing import NDArray
from torch import Tensor

from assistant.bench.rows import folded
from assistant.errors import EngineError, UsageError
from assistant.skills import by_request
from assistant.training import rows, vocabulary
from assistant.training.checkpoint import MERGED, Checkpoint, Speller, note
from assistant.training.feed import CHUNK, Example, Feed
from assistant.training.judge import shares
from assistant.training.rows import Mapper
from assistant.training.scratch import sample_of
from assistant.training.train import SAVED_EVERY_S, TOLD_EVERY_S, Plan

RATE: Final = 2e-4
WARM_STEPS: Final = 50
ADAPTER: Final = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.05, "target_modules": "all-linear"}
"""Two matrices of rank 16 beside every matrix of the blocks."""
MOST_WAYS: Final = 8
"""A row that may begin in more ways teaches too little for what it costs: each way is a sequence of its own."""
JUDGED: Final = 500
"""Rows of dev that are decided when training ends."""
DECISION_TOKENS: Final = 12
STATE: Final = "lora.pt"


class Tuner:
    """A checkpoint on its way; step `n` is the same whether or not training stopped before it."""

    def __init__(self, start: Checkpoint, speller: Speller, decided: Sequence[str], plan: Plan, folder: Path) -> None:
        """Begin, or go on where `folder` says an earlier run stopped. Raises UsageError if that run began elsewhere."""
        self.start, self.speller, self.plan, self.folder = start, speller, plan, folder
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.names = [speller.text(name) for name in decided]
        torch.manual_seed(plan.seed)
        config = peft.LoraConfig(**ADAPTER, task_type="CAUSAL_LM")
        self.network = peft.get_peft_model(network(start, self.device), config)
        self.learnt = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(self.learnt, lr=plan.rate, weight_decay=plan.decay)
        warm = min(plan.warm_steps, plan.steps // 10)
        self.schedule = transformers.get_cosine_schedule_with_warmup(self.optimizer, warm, plan.steps)
        self.step, self.digest = 0, start.digest()
        self._resume()

    def run(self, feed: Feed, tell: Callable[[str], None]) -> None:
        """Train to the last step."""
        told = saved = time.monotonic()
        losses: list[float] = []
        self.network.train()
        for batch in self._batches(feed):
            losses.append(self.advance(batch))
            now = time.monotonic()
            if now - told > TOLD_EVERY_S or self.step == self.plan.steps:
                pace = (now - told) / len(losses)
                tell(
                    f"step {self.step}/{self.plan.steps} loss {sum(losses) / len(losses):.3f}, {pace:.2f} s/step, "
                    f"{pace * (self.plan.steps - self.step) / 60:.0f} min left"
                )
                told, losses = now, []
            if now - saved > SAVED_EVERY_S or self.step == self.plan.steps:
                self.save()
                saved = now

    def advance(self, batch: Sequence[Example]) -> float:
        """Take one step; return the loss before it."""
        torch.manual_seed((self.plan.seed << 40) + self.step)
        found = self.loss(batch)
        self.optimizer.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(self.learnt, 1.0)
        self.optimizer.step()
        self.schedule.step()
        self.step += 1
        return float(found.detach())

    def loss(self, batch: Sequence[Example]) -> Tensor:
        """Return how unlikely the answers are, in nats an answer; where only its beginning is known, any that is allowed will do."""
        ways = [
            (row, way, one.prompt, answer)
            for row, one in enumerate(batch)
            for way, answer in enumerate([one.answer] if one.answer else [self.names[place] for place in one.first])
        ]
        length = max(len(prompt) + len(answer) for *_, prompt, answer in ways)
        tokens = torch.full((len(ways), length), self.speller.end)
        at, place, following = list[int](), list[int](), list[int]()
        for number, (*_, prompt, answer) in enumerate(ways):
            whole = [*prompt, *answer]
            tokens[number, : len(whole)] = torch.tensor(whole)
            at += [number] * len(answer)
            place += range(len(prompt) - 1, len(whole) - 1)
            following += answer
        # What fills a row stands after everything that is asked for, so that causal attention needs no mask.
        inner = self.network.get_base_model()
        states = inner.model(input_ids=tokens.to(self.device)).last_hidden_state[at, place]
        found = inner.lm_head(states).float().log_softmax(-1)[range(len(at)), following].cpu()
        whole_ways = torch.zeros(len(ways)).index_add(0, torch.tensor(at), found)
        table = torch.full((len(batch), max(way for _, way, *_ in ways) + 1), -torch.inf)
        table = table.index_put(
            (torch.tensor([row for row, *_ in ways]), torch.tensor([way for _, way, *_ in ways])), whole_ways
        )
        return -table.logsumexp(1).mean()

    def save(self) -> None:
        """Write everything that going on needs; a kill while writing leaves the last one."""
        state = {
            "start": self.digest,
            "step": self.step,
            "adapter": peft.get_peft_model_state_dict(self.network, save_embedding_layers=False),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        draft = self.folder / f"{STATE}.new"
        torch.save(state, draft)
        draft.replace(self.folder / STATE)

    def decisions(self, texts: Sequence[str]) -> Iterator[str]:
        """Yield what the answer to each text begins with."""
        self.network.eval()
        for start in range(0, len(texts), self.plan.batch):
            prompts = self.speller.prompts(texts[start : start + self.plan.batch])
            length = max(map(len, prompts))
            tokens = torch.tensor(
                [[self.speller.end] * (length - len(one)) + one for one in prompts], device=self.device
            )
            mask = torch.tensor([[0] * (length - len(one)) + [1] * len(one) for one in prompts], device=self.device)
            found = self.network.generate(
                input_ids=tokens, attention_mask=mask, max_new_tokens=DECISION_TOKENS, do_sample=False, repetition_penalty=1.0,
                eos_token_id=self.speller.end, pad_token_id=self.speller.end,
            )  # fmt: skip
            for row in found[:, length:].tolist():
                yield re.split("[ ;]", self.speller.words(row))[0]

    def merge(self) -> Path:
        """Write the checkpoint with what was learnt added, in 32-bit floats; return its folder. The tuner is of no use after it."""
        draft, whole = self.folder / f"{MERGED}.new", self.folder / MERGED
        shutil.rmtree(draft, ignore_errors=True)
        self.network.float().merge_and_unload().save_pretrained(draft)
        shutil.copy(self.start.folder / "tokenizer.json", draft)
        note(draft, self.start, self.digest, self.step)
        shutil.rmtree(whole, ignore_errors=True)
        return draft.replace(whole)

    def _batches(self, feed: Feed) -> Iterator[Sequence[Example]]:
        """Yield the batches that are left."""
        first = self.step
        drawn = itertools.chain.from_iterable(feed.chunks(first // CHUNK))
        return itertools.islice(drawn, first % CHUNK, first % CHUNK + max(0, self.plan.steps - first))

    def _resume(self) -> None:
        path = self.folder / STATE
        if not path.exists():
            return
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        if state["start"] != self.digest:
            raise UsageError(f"{path} began at another checkpoint", "give that one, or another --work")
        self.step = state["step"]
        peft.set_peft_model_state_dict(self.network, state["adapter"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])


def network(checkpoint: Checkpoint, device: str) -> Any:
    """Return the checkpoint's network, in 32-bit floats on a CPU. Raises UsageError if a weight is missing or of another shape."""
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    try:
        found, notes = transformers.AutoModelForCausalLM.from_pretrained(
            checkpoint.folder,
            dtype=torch.float32 if device == "cpu" else "auto",
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
        )
    except (RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[-1]
        raise UsageError(
            f"{checkpoint.folder}: its weights do not fit config.json ({reason})", "copy it again"
        ) from None
    lacking = sorted([*notes["missing_keys"], *(key for key, *_ in notes["mismatched_keys"])])
    if lacking:
        raise UsageError(
            f"{checkpoint.folder}: {len(lacking)} weights are missing, {lacking[0]} first", "copy it again"
        )
    return found.to(device)


def reference(checkpoint: Checkpoint) -> Callable[[Sequence[int]], NDArray[np.float32]]:
    """Return what tells the network's logits of what follows some tokens."""
    found = network(checkpoint, "cpu").eval()

    def logits(tokens: Sequence[int]) -> NDArray[np.float32]:
        with torch.no_grad():
            last: NDArray[np.float32] = found(torch.tensor([list(tokens)]), logits_to_keep=1).logits[0, -1].numpy()
        return last

    return logits


def plan(steps: int, batch: int, seed: int) -> Plan:
    """Return how a checkpoint is tuned: slower than from scratch, so that it keeps what it knows."""
    return Plan(steps, batch, RATE, WARM_STEPS, decay=0.0, seed=seed)


def tune(start: Checkpoint, folder: Path, dev: Path | None, plan: Plan, tell: Callable[[str], None]) -> None:
    """Train on `rows.jsonl` of the folder, and leave a merged checkpoint there for the export."""
    requests = tuple(by_request())
    decided, mapper, speller = vocabulary.decisions(requests), Mapper(requests), Speller(start)
    learnt = [row for row in rows.read(folder / "rows.jsonl") if row.answer or len(row.first) <= MOST_WAYS]
    sample = sample_of(mapper, dev, {folded(row.text) for row in learnt})[:JUDGED]
    try:
        tuner = Tuner(start, speller, decided, plan, folder)
        count = sum(parameter.numel() for parameter in tuner.learnt)
        tell(f"{count} parameters beside {start.folder.name}, {len(learnt)} rows, from step {tuner.step}")
        tuner.run(Feed(learnt, speller, decided, plan.batch, plan.seed), tell)
    except torch.OutOfMemoryError:
        raise EngineError("the GPU has too little memory", "a smaller --batch, or a smaller checkpoint") from None
    if sample:
        tell(f"dev: {shares(sample, list(tuner.decisions([row.text for row in sample])), mapper.answering)}")
    tell(f"{tuner.merge()} holds the tuned checkpoint")
