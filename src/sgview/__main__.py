"""`python -m sgview`."""

import sys

from sgview.cli import main

if __name__ == "__main__":
    sys.exit(main())
