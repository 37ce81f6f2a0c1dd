"""The aarch64 bench image: how it is made, booted and judged. `guest/` is what runs inside it. `scripts/qemu` starts it."""
