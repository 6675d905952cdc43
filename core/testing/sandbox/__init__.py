"""The pretend world: a card processor, a wallet, a bank, a hosting panel and a registrar in one process.

Run it with ``python -m core.testing.sandbox --port 8900 --data var/sandbox``; drive it from tests with
:class:`core.testing.sandbox.client.SandboxProcess`. It is a stranger to the rest of Innkeeper on purpose:
it imports nothing of it, keeps its own books, and can be told to misbehave. No money moves here.
"""
