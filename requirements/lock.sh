#!/bin/sh
# Pin every requirement anew, with hashes and without a host. Run by hand; the results are committed.
set -eu
cd "$(dirname "$0")/.."
compile() {
    .venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-header "$@"
}
compile pyproject.toml requirements/build.in --extra pdf -o requirements/base.txt
compile pyproject.toml requirements/build.in --extra pdf --extra testing --extra dev \
    -c requirements/base.txt -o requirements/dev.txt
compile requirements/localstripe.in -o requirements/localstripe.txt
