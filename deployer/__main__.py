"""`python -m deployer VERB`: what the Makefile calls."""

import sys

from deployer.cli import main

sys.exit(main(sys.argv[1:]))
