"""Exchanges for a terminal and for programs."""

import json

from assistant.report import STAGES, Exchange

MARKS = {"done": "✓", "queued": "…", "refused": "✗", "failed": "✗", "unknown": "?"}


def as_line(exchange: Exchange) -> str:
    """Return one JSON line."""
    return json.dumps(exchange.as_json(), ensure_ascii=False)


def as_text(exchange: Exchange) -> str:
    """Return a few lines for people."""
    told = exchange.as_json()
    name = f"{exchange.clip}: " if exchange.clip else ""
    lines = [
        f"● {name}“{exchange.transcript}”  [{exchange.wake}; {exchange.engine or 'typed'}, {exchange.source or 'none'}]"
    ]
    for request in exchange.requests:
        fields = " ".join(f"{key}={value}" for key, value in request.items() if key != "request")
        lines.append(f"  → {request['request']} {fields}".rstrip())
    for step, outcome in zip(
        exchange.plan, [*exchange.outcome, *({"status": "queued"} for _ in exchange.plan)], strict=False
    ):
        what = step.get("signal") or step.get("name") or f"{step.get('service')}.{step.get('method')}"
        value = step.get("value", step.get("args", step.get("body", "")))
        evidence = f"read back {outcome['receipt']}" if "receipt" in outcome else outcome.get("reason", "")
        lines.append(f"  {MARKS[outcome['status']]} {what} = {value}  ({evidence})")
    lines += [f"  ♪ {sentence}" for sentence in exchange.reply]
    if any(told["ms"][stage] is not None for stage in STAGES) and exchange.wake != "typed":
        stages = (f"{stage.replace('_', ' ')} {told['ms'][stage]}" for stage in STAGES if told["ms"][stage] is not None)
        lines.append(f"  ms from the last word: {' · '.join(stages)}")
    return "\n".join(lines)
