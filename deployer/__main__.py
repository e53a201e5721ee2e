"""`python -m deployer VERB`: what the Makefile calls."""

import sys

try:
    from deployer.cli import main
except KeyboardInterrupt:  # what is imported takes a moment
    sys.exit("interrupted")

sys.exit(main(sys.argv[1:]))
