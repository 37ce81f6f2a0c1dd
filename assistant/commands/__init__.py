"""What `cabin` can be told on a command line: one file a command, each with `add(parser)` and `run(arguments) -> exit code`."""
