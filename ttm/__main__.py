"""`python -m ttm` is `ttm`."""

import sys

from ttm.cli import main

if __name__ == "__main__":
    sys.exit(main())
