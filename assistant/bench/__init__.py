"""The figures: what each command of `cabin bench` measures."""
