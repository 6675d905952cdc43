"""How instants read in the admin: short, and never without the day or year that is not obvious."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint

from core.web import shown
from core.web.current import now


def stamp(at: datetime) -> str:
    """For stories: ``2:21:04 PM`` today, ``Nov 20, 2:21:04 PM`` this year, ``Nov 20, 2025, 2:21:04 PM``."""
    here, today = at.astimezone(shown.zone()), now().astimezone(shown.zone())
    if here.date() == today.date():
        return shown.seconds(at)
    if here.year == today.year:
        return f"{shown.moment(at).rpartition(', ')[0]}, {shown.seconds(at)}"
    return f"{shown.day(at)}, {shown.seconds(at)}"


def moment(at: datetime) -> str:
    """For lists: ``Nov 20, 2:21 PM`` this year, ``Nov 20, 2025`` before."""
    is_this_year = at.astimezone(shown.zone()).year == now().astimezone(shown.zone()).year
    return shown.moment(at) if is_this_year else shown.day(at)


def soon(at: datetime) -> str:
    """For what is planned: ``4:40 PM`` today, ``Nov 21, 4:40 PM`` on another day."""
    return shown.held_until(at, now())


def register(blueprint: Blueprint) -> None:
    """Templates know them as the filters ``ad_stamp``, ``ad_moment`` and ``ad_soon``."""
    for name, show in (("ad_stamp", stamp), ("ad_moment", moment), ("ad_soon", soon)):
        blueprint.add_app_template_filter(show, name)
