#!/bin/sh
# Invoices as PDF need Pango. Root gets it installed; without it Innkeeper shows the printable page.
# Tried once: a start is never held up twice by it, and never fails because of it.
. "$(dirname "$0")/common.sh"
stamp=$VENV/.stamp-pango
[ -e $stamp ] && exit 0
: >$stamp

has_pango() { $VENV/bin/python -c 'import weasyprint' >/dev/null 2>&1; }

has_pango && exit 0
if may_install_packages; then
    timeout 90 sh scripts/apt.sh libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 || true
fi
has_pango || say "Pango is not installed: invoices are shown as printable pages, not as PDF"
