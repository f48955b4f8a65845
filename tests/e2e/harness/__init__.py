"""Drives the real programs over their public surfaces only: HTTP, signals, files, exit codes."""
