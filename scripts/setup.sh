#!/bin/sh
# Bring this checkout to where it can run. Repeating it is quick and needs no network.
#   setup.sh run    the virtual environment, Innkeeper itself, the browser's files
#   setup.sh dev    and the tools of tests, checks and documentation
#   setup.sh test   and the system's packages, and a pretend Stripe in a venv of its own
. "$(dirname "$0")/common.sh"
goal=${1:-run}

find_python() {
    for name in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return 0
        fi
    done
    fail "needs Python 3.11 or newer (set PYTHON to its path when it is not called python3)"
}

make_venv() {
    [ -x $VENV/bin/python ] && $VENV/bin/python -c '' 2>/dev/null && return 0
    python=$(find_python)
    say "Making the virtual environment $VENV"
    rm -rf $VENV
    "$python" -m venv $VENV >/dev/null 2>&1 && return 0
    if may_install_packages; then sh scripts/apt.sh python3-venv; fi # Debian packs venv apart
    rm -rf $VENV
    "$python" -m venv $VENV || fail "Python's venv is missing: on Debian install python3-venv"
}

# pip_install PYTHON REQUIREMENTS: exactly what the file pins, each file checked by its hash.
pip_install() {
    say "Installing $(grep -c '==' "$2") pinned packages from $2 (about a minute)"
    quietly $VENV/pip.log "$1" -m pip install --no-input --require-hashes -r "$2"
}

install_innkeeper() {
    quietly $VENV/pip.log $VENV/bin/python -m pip install --no-input --no-deps --no-build-isolation -e .
}

pretend_stripe() {
    [ -x .venvs/localstripe/bin/python ] || "$(find_python)" -m venv .venvs/localstripe
    pip_install .venvs/localstripe/bin/python requirements/localstripe.txt
}

make_venv
once base "$(digest requirements/base.txt)" pip_install $VENV/bin/python requirements/base.txt
if [ "$goal" != run ]; then
    once dev "$(digest requirements/dev.txt)" pip_install $VENV/bin/python requirements/dev.txt
fi
once innkeeper "$(digest pyproject.toml)" install_innkeeper

case $goal in
run)
    $VENV/bin/python -m core.web.assets.build
    sh scripts/pango.sh
    ;;
dev) ;;
test)
    sh scripts/apt.sh --tests
    $VENV/bin/python -m core.web.assets.build --for-tests
    once localstripe "$(digest requirements/localstripe.txt)" pretend_stripe
    ;;
*) fail "setup.sh knows run, dev and test, not $goal" ;;
esac
