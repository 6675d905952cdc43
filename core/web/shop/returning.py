"""Buyers who have been here before: a signed-in client's cart is theirs, and nobody else's."""

from __future__ import annotations

from uuid import UUID

from core.orders import cart as carts
from core.orders import placing
from core.orders.values import PlacedOrder
from core.web.current import house
from core.web.portal import access


def settle(token: str) -> UUID | None:
    """Bind the cart to the client who is signed in, and let go of one that another has left behind.

    Called by every page that shows or places a cart, before it looks at it: a session that has ended takes
    what the cart knew of the person with it. Returns the client, None for a new buyer. Raises Refused.
    """
    person = access.visitor()
    return carts.hand_to(house(), token, person.client_ids if person else ()) if token else None


def ordered(token: str) -> PlacedOrder | None:
    """The order that the cart became a moment ago: this browser may have lost the answer that said so."""
    person = access.visitor()
    return placing.placed_lately(house(), token, person.client_ids if person else ()) if token else None
