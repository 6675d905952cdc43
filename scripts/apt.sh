#!/bin/sh
# Install the system's packages that are named, or with --tests those that the tests need and that
# are missing. Without root or apt-get it says what is missing and fails. Starts no service.
. "$(dirname "$0")/common.sh"

# chromium: the browser; postgresql, pdns: servers that tests start themselves; pango, fonts: PDF.
TESTS="chromium postgresql pdns-server pdns-backend-sqlite3 sqlite3 bind9-dnsutils
libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core poppler-utils"
POLICY=/usr/sbin/policy-rc.d

installed() {
    dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
}

missing_programs() { # where there is no dpkg we can only look for what the tests call
    for program in chromium pdns_server sqlite3 dig pdftotext; do
        PATH=$PATH:/usr/sbin command -v $program >/dev/null 2>&1 || printf ' %s' $program
    done
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 ||
        printf ' postgresql'
}

missing_packages() {
    command -v dpkg-query >/dev/null 2>&1 || { missing_programs; return; }
    for package in "$@"; do installed "$package" || printf ' %s' "$package"; done
}

# retry COMMAND...: mirrors have bad moments.
retry() {
    for pause in 3 10 0; do
        if "$@" >$LOG 2>&1; then return 0; fi
        [ $pause = 0 ] || { say "'$1 $2' failed, trying again in $pause s"; sleep $pause; }
    done
    cat $LOG >&2
    return 1
}

without_services() { # Debian asks this file before it starts a service that it has just installed
    [ -e $POLICY ] && return 0
    trap 'rm -f $POLICY' EXIT
    trap 'exit 130' INT TERM
    printf '#!/bin/sh\nexit 101\n' >$POLICY
    chmod 755 $POLICY
}

if [ "${1:-}" = --tests ]; then shift; set -- $TESTS; fi
missing=$(missing_packages "$@")
[ -n "$missing" ] || exit 0
may_install_packages || fail "these are missing and only root may install them:$missing
  on Debian or Ubuntu: sudo apt-get install --no-install-recommends$missing"

LOG=$(mktemp)
export DEBIAN_FRONTEND=noninteractive
say "Installing the system's packages:$missing"
without_services
options="-q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300"
retry apt-get update $options || say "the package lists could not be renewed; going on with the old ones"
retry apt-get install $options --no-install-recommends $missing || fail "apt-get could not install:$missing"
rm -f $LOG
