"""The door of identity: what other slices and the web call."""

from __future__ import annotations

from core.identity.passwords import hash_password, warm_up
from core.identity.permissions import PERMISSIONS
from core.identity.rules import check_password_rules
from core.identity.sessions import (
    held,
    keep_alive,
    open_acting,
    revoke_sessions,
    session_of,
    sign_out,
    sweep,
    waiting,
)
from core.identity.signing import prove, show_factor, sign_in, sign_in_with_passkey
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
from core.identity.values import Answer, FactorRefused, Identity, Party, ProofRefused, SignInRefused, Waiting

__all__ = [
    "PERMISSIONS", "Answer", "FactorRefused", "Identity", "NewStaff", "Party", "ProofRefused",
    "SignInRefused", "Waiting", "check_new_user", "check_password_rules", "ensure_admin", "hash_password",
    "held", "keep_alive", "make_role", "make_staff", "make_user", "open_acting", "prove", "revoke_sessions",
    "session_of", "set_password", "show_factor", "sign_in", "sign_in_with_passkey", "sign_out", "sweep",
    "taken", "throttle", "username_for", "waiting", "warm_up",
]  # fmt: skip
