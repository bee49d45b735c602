"""Run the command line: `python -m verify`."""

from verify.cli import main

main()
