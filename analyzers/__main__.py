"""``python -m analyzers`` is the command ``elkhound``."""

from analyzers.cli import main

if __name__ == "__main__":
    main(prog_name="elkhound")
