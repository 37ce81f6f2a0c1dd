"""The document of a trial: figures, checks and what they were made on, as JSON; read back strictly, shown as a table."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from assistant.errors import UsageError
from scripts.benchimage.image import Image
from scripts.benchimage.machine import CORES, CPU, MEMORY_MB, SHIFT

FORM: Final = "cabin-bench-image/1"
SERVICES: Final = ("cabin.service", "cabin-bridge.service", "mosquitto.service")
STAGES: Final = ("wake", "text", "plan", "act", "first_sound")
CLOCK: Final = f"the guest's: {2**SHIFT} ns an instruction, whatever the host's load"


def document(image: Image, steps: list[dict[str, Any]], checks: list[dict[str, Any]], wall_s: float) -> dict[str, Any]:
    """Return the document of a trial, whole or broken off."""
    qemu = subprocess.run(["qemu-system-aarch64", "--version"], capture_output=True, text=True, check=False).stdout
    return {
        "form": FORM,
        "made": time.strftime("%Y-%m-%d"),
        "command": "scripts/qemu test",
        "machine": {
            "cpu": CPU,
            "cores": CORES,
            "memory_mb": MEMORY_MB,
            "clock": CLOCK,
            "qemu": qemu.splitlines()[0] if qemu else "",
            "host": f"{os.uname().machine}, {os.cpu_count()} cores",
            "wall_s": round(wall_s),
        },
        "image": image.about,
        "figures": figures(steps),
        "checks": checks,
        "passed": bool(checks) and all(check["passed"] for check in checks),
        "steps": steps,
    }


def figures(steps: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures that a person looks for; what was not measured is not there, of two of a kind the later counts."""
    found: dict[str, Any] = {}
    for step in steps:
        if "failed" not in step and step["step"] in _FIGURES:
            _merge(found, _FIGURES[step["step"]](step))
    return found


def _merge(found: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Put boots one after the other, tables into one another, and single figures in."""
    for name, value in more.items():
        match value:
            case list():
                found[name] = [*found.get(name, []), *value]
            case dict():
                found[name] = {**found.get(name, {}), **value}
            case _:
                found[name] = value


def _boot(step: Mapping[str, Any]) -> dict[str, Any]:
    services = step["services"]
    ready = {f"{_short(unit)}_ready_s": services[unit]["ready_after_boot_s"] for unit in services}
    start_s = services["cabin.service"]["start_took_s"]
    return {"boot": [{"boot_s": step["boot_s"], **ready, "cabin_start_s": start_s, "wall_s": step["wall_s"]}]}


def _memory(step: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {_short(unit): step[unit][key] for unit in SERVICES}
        for name, key in (("memory_mb", "own_mb"), ("rss_mb", "rss_main_mb"))
    }


def _short(unit: str) -> str:
    return unit.removesuffix(".service")


_FIGURES: Final[dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "boot": _boot,
    "memory": _memory,
    "speak": lambda step: {"ms_from_the_last_word": {step["clip"]: step["exchange"]["ms"]}},
    "ask": lambda step: {"ms_from_the_typed_sentence": {step["text"]: step["exchange"]["ms"]}},
    "strike": lambda step: {"listening_again_s": {step["signal"]: step["listening_again_s"]}},
    "idle": lambda step: {"idle_core_percent": {_short(unit): share for unit, share in step["core_percent"].items()}},
    "bus": lambda step: {"bus_ms": {"p50": step["p50_ms"], "p95": step["p95_ms"]}},
    "order_without_link": lambda step: {"settled_after_tunnel_s": step["settled_after_s"]},
    "order_recovered": lambda step: {"settled_after_power_cut_s": step["settled_after_s"]},
}


def read(path: Path) -> dict[str, Any]:
    """Read a document. UsageError with the mend for a file that is none, or not a whole one."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file", "scripts/qemu test makes one") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read: {error}", "scripts/qemu test makes one") from None
    if not isinstance(told, dict) or told.get("form") != FORM:
        raise UsageError(f"{path}: not a document of form {FORM}", "scripts/qemu test makes one")
    kinds = {
        "made": str,
        "machine": dict,
        "image": dict,
        "figures": dict,
        "checks": list,
        "passed": bool,
        "steps": list,
    }
    wrong = [name for name, kind in kinds.items() if not isinstance(told.get(name), kind)]
    wrong += ["checks" for check in told.get("checks") or () if not {"check", "passed"} <= set(check)][:1]
    if wrong:
        raise UsageError(f"{path}: missing or of the wrong kind: {', '.join(wrong)}", "scripts/qemu test makes one")
    if told["passed"] != (bool(told["checks"]) and all(check["passed"] for check in told["checks"])):
        raise UsageError(f"{path}: its verdict is not that of its checks", "scripts/qemu test makes one")
    return told


def shown(told: Mapping[str, Any]) -> str:
    """Return a page for a person."""
    machine, found = told["machine"], told["figures"]
    kernel = told["image"].get("kernel", "?")
    lines = [
        f"{told['made']}  {machine['cpu']}, {machine['cores']} core, {machine['memory_mb']} MB, Linux {kernel}",
        f"clock: {machine['clock']}",
        "",
        *(f"boot: {_pairs(boot)}" for boot in found.get("boot", ())),
    ]
    for name in ("ms_from_the_last_word", "ms_from_the_typed_sentence"):
        for said, ms in found.get(name, {}).items():
            stages = {stage: ms[stage] for stage in STAGES if ms.get(stage) is not None}
            lines.append(f"{name.replace('_', ' ')}, {said}: {_pairs(stages)}")
    flat = ("memory_mb", "rss_mb", "idle_core_percent", "bus_ms", "listening_again_s")
    lines += [f"{name}: {_pairs(found[name])}" for name in flat if name in found]
    single = ("settled_after_tunnel_s", "settled_after_power_cut_s")
    lines += [f"{name}: {found[name]}" for name in single if name in found]
    lines += ["", *(f"{'✓' if check['passed'] else '✗'} {check['check']}" for check in told["checks"])]
    return "\n".join([*lines, "", "passed" if told["passed"] else "FAILED"])


def _pairs(table: Mapping[str, object]) -> str:
    return ", ".join(f"{key} {value}" for key, value in table.items())
