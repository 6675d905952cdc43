#!/bin/sh
# Set up what is missing, then be the demo: this process becomes it, so a signal sent here arrives.
. "$(dirname "$0")/common.sh"
sh scripts/setup.sh run
exec $VENV/bin/innkeeper demo
