"""`python -m themis`: the program without its script."""

from themis.cli import main

if __name__ == "__main__":
    main(prog_name="themis")
