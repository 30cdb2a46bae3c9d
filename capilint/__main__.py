"""`python -m capilint`."""

import sys

from capilint.cli import main

if __name__ == "__main__":
    sys.exit(main())
