"""The door of identity: what other slices and the web call."""

from __future__ import annotations

from core.identity.passwords import hash_password, warm_up
from core.identity.permissions import PERMISSIONS
from core.identity.rules import check_password_rules
from core.identity.sessions import revoke_sessions, session_of, sign_in, sign_out, sweep
from core.identity.throttling import throttle
from core.identity.users import (
    NewStaff,
    check_new_user,
    ensure_admin,
    make_role,
    make_staff,
    make_user,
    set_password,
    taken,
    username_for,
)
from core.identity.values import Identity, SignInRefused

__all__ = [
    "PERMISSIONS", "Identity", "NewStaff", "SignInRefused", "check_new_user", "check_password_rules",
    "ensure_admin", "hash_password", "make_role", "make_staff", "make_user", "revoke_sessions", "session_of",
    "set_password", "sign_in", "sign_out", "sweep", "taken", "throttle", "username_for", "warm_up",
]  # fmt: skip
