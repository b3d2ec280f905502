"""``python -m namgraph``: the command ``namgraph``, also where no scripts are installed."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
