# Sourced by the other scripts: where things are, and how they speak. POSIX sh.
set -eu
cd "$(dirname "$0")/.."
VENV=.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '%s\n' "· $*" >&2; }
fail() { printf '%s\n' "Innkeeper: $*" >&2; exit 1; }

# digest FILE...: one line that changes when any of the files does.
digest() { cat "$@" | sha256sum | cut -c1-64; }

# quietly LOG COMMAND...: run it with its words in LOG; show them only when it fails.
quietly() {
    log=$1
    shift
    "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        fail "this failed: $*"
    }
}

# once NAME DIGEST COMMAND...: run it unless it succeeded for the same digest before.
once() {
    stamp=$VENV/.stamp-$1
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$2" ]; then return 0; fi
    wanted=$2
    shift 2
    "$@"
    printf '%s\n' "$wanted" >"$stamp"
}

may_install_packages() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }
