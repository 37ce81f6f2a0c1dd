"""Services as systemd and the kernel see them: times, memory, processor, and how they come back after a blow."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Final

CABIN: Final = "cabin.service"
SERVICES: Final = (CABIN, "cabin-bridge.service", "mosquitto.service")
CGROUPS: Final = Path("/sys/fs/cgroup")
MB: Final = 1_000_000
LOOK_S: Final = 3.0
AT_REST_PERCENT: Final = 20.0


def run(*command: str, told: str = "", timeout_s: float = 120.0) -> str:
    """Return what a program prints that is told something; RuntimeError with its complaint if it fails."""
    done = subprocess.run(command, input=told, capture_output=True, text=True, check=False, timeout=timeout_s)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout


def show(unit: str, *names: str) -> dict[str, str]:
    """Return properties of a unit."""
    lines = run("systemctl", "show", unit, *(f"--property={name}" for name in names)).splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def pid(unit: str) -> int:
    """Return its main process; 0 if it has none."""
    return int(show(unit, "MainPID")["MainPID"])


def boot(timeout_s: float) -> dict[str, Any]:
    """Wait until the system is up; return how long that took, and each service's start."""
    waited = subprocess.run(
        ["systemctl", "is-system-running", "--wait"], capture_output=True, text=True, check=False, timeout=timeout_s
    )
    said = run("systemd-analyze", "time")
    failed = run("systemctl", "list-units", "--failed", "--plain", "--no-legend")
    took = re.search(r"= ((?:[\d.]+(?:min|s|ms) ?)+)", said)
    return {
        "system": waited.stdout.strip(),
        "failed_units": [line.split()[0] for line in failed.splitlines()],
        "systemd_says": said.strip().splitlines()[0],
        "boot_s": _seconds(took[1]) if took else None,
        "services": {unit: _start(unit) for unit in SERVICES},
        "kernel": os.uname().release,
        "cores": os.cpu_count(),
        "seals": run("systemd-analyze", "security", CABIN, "--no-pager").strip().splitlines()[-1],
    }


def _seconds(text: str) -> float:
    units = {"min": 60.0, "s": 1.0, "ms": 0.001}
    return round(sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(min|ms|s)", text)), 3)


def _start(unit: str) -> dict[str, Any]:
    """Return when a service was ready after the kernel's start, and how long it took from its own start."""
    names = ("ActiveState", "NRestarts", "InactiveExitTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    found = show(unit, *names)
    began, ready = int(found[names[2]]) / 1e6, int(found[names[3]]) / 1e6
    return {
        "state": found["ActiveState"],
        "restarts": int(found["NRestarts"]),
        "ready_after_boot_s": round(ready, 2),
        "start_took_s": round(ready - began, 2),
    }


def memory() -> dict[str, Any]:
    """Return what each service holds now and held at most, in MB: all its processes, without what is only cached."""
    told: dict[str, Any] = {}
    for unit in SERVICES:
        group = CGROUPS / show(unit, "ControlGroup")["ControlGroup"].lstrip("/")
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        told[unit] = {
            "own_mb": round(int(stat["anon"]) / MB, 1),
            "with_cache_mb": round(int((group / "memory.current").read_text()) / MB, 1),
            "rss_main_mb": round(_status_kb(pid(unit), "VmRSS") / 1000, 1),
            "rss_main_peak_mb": round(_status_kb(pid(unit), "VmHWM") / 1000, 1),
        }
    free = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    told["machine"] = {"available_mb": int(free["MemAvailable"].split()[0]) // 1000}
    return told


def _status_kb(process: int, key: str) -> int:
    found = re.search(rf"^{key}:\s+(\d+)", Path(f"/proc/{process}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def idle(seconds: float, patience_s: float) -> dict[str, Any]:
    """Return how busy each service is while nobody speaks, in percent of one core, once what they prepare at their start is over."""
    began = time.monotonic()
    while max(_busy(LOOK_S).values()) > AT_REST_PERCENT:
        if time.monotonic() - began > patience_s:
            raise RuntimeError(f"the services do not come to rest in {patience_s:.0f} s")
    rested = time.monotonic() - began
    return {"seconds": seconds, "rest_after_s": round(rested, 1), "core_percent": _busy(seconds)}


def _busy(seconds: float) -> dict[str, float]:
    """Return each service's share of one core over so many seconds, in percent."""
    before, began = {unit: _usage_us(unit) for unit in SERVICES}, time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return {unit: round((_usage_us(unit) - before[unit]) / took / 1e4, 1) for unit in SERVICES}


def _usage_us(unit: str) -> int:
    group = CGROUPS / show(unit, "ControlGroup")["ControlGroup"].lstrip("/")
    return int((group / "cpu.stat").read_text().split()[1])


def strike(name: str, timeout_s: float) -> dict[str, Any]:
    """Send the assistant a signal (SIGKILL, SIGSTOP) and return how long it took until it listened again."""
    old, at = pid(CABIN), time.monotonic()
    os.kill(old, signal.Signals[name])
    while time.monotonic() - at < timeout_s:
        found = show(CABIN, "MainPID", "ActiveState", "ActiveEnterTimestampMonotonic", "Result", "NRestarts")
        ready = int(found["ActiveEnterTimestampMonotonic"]) / 1e6
        if found["ActiveState"] == "active" and int(found["MainPID"]) not in {0, old} and ready > at:
            return {"signal": name, "listening_again_s": round(ready - at, 2), "restarts": int(found["NRestarts"])}
        time.sleep(0.1)
    raise RuntimeError(f"after {name} nobody listened for {timeout_s:.0f} s: {show(CABIN, 'ActiveState', 'Result')}")
