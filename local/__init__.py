"""The AWS inside your machine: an emulator with what it lacks, and the runner of its task definitions."""
