"""`python -m sgview`."""

from sgview.cli import program

if __name__ == "__main__":
    program()
