"""How often a network decides right, measured while it trains: the first token of the answer is the label."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import torch

from assistant.training.model import Network
from assistant.training.rows import Row
from assistant.training.vocabulary import Encoder
from assistant.understand.schema import NONE

BATCH = 256


@torch.no_grad()
def probabilities(network: Network, encoder: Encoder, texts: Sequence[str], decisions: int) -> torch.Tensor:
    """Return (texts, decisions): how likely the answer begins with each decision."""
    prompts = encoder.prompts(texts)
    order = sorted(range(len(prompts)), key=lambda place: len(prompts[place]))
    found = torch.zeros((len(prompts), decisions))
    begin = encoder.vocabulary.first_control + 2
    for start in range(0, len(order), BATCH):
        places = order[start : start + BATCH]
        length = max(len(prompts[place]) for place in places)
        tokens = torch.full((len(places), length), encoder.pad)
        for row, place in enumerate(places):
            tokens[row, : len(prompts[place])] = torch.tensor(prompts[place])
        ends = torch.tensor([len(prompts[place]) - 1 for place in places])
        with torch.autocast("cpu", torch.bfloat16):
            states = network.states(tokens)[torch.arange(len(places)), ends]
            logits = network.logits(states)[:, begin : begin + decisions]
        found[places] = logits.float().softmax(-1)
    return found


def judged(
    network: Network,
    encoder: Encoder,
    rows: Sequence[Row],
    decisions: Sequence[str],
    answering: Mapping[str, Sequence[str]],
) -> str:
    """Return what `shares` tells of a network of ours."""
    found = probabilities(network, encoder, [row.text for row in rows], len(decisions)).argmax(-1).tolist()
    return shares(rows, [decisions[place] for place in found], answering)


def shares(rows: Sequence[Row], decided: Sequence[str], answering: Mapping[str, Sequence[str]]) -> str:
    """Return the share of rows decided right, and of rows that are not ours but would act, per language."""
    right: dict[str, list[bool]] = defaultdict(list)
    acts: dict[str, list[bool]] = defaultdict(list)
    for row, name in zip(rows, decided, strict=True):
        wanted = answering.get(row.intent, [NONE]) if row.intent != "multi.multi" else row.first
        right[row.language].append(name in wanted)
        if wanted == [NONE]:
            acts[row.language].append(name != NONE)
    return ", ".join(
        f"{language} {sum(right[language]) / len(right[language]):.3f} (acts {sum(acts[language]) / max(1, len(acts[language])):.3f})"
        for language in sorted(right)
    )
