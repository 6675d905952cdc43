"""The invariants of the books as SQL: each query lists what breaks one. Empty means all is well.

They run behind ``innkeeper reconcile`` and after every integration test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

CHECKS = {
    "an entry does not balance": """
        SELECT entry_id FROM posting GROUP BY entry_id, currency HAVING SUM(amount_minor) <> 0""",
    "an invoice is not the sum of its lines": """
        SELECT i.id FROM invoice i LEFT JOIN invoice_line l ON l.invoice_id = i.id
        GROUP BY i.id, i.net_minor HAVING COALESCE(SUM(l.net_minor), 0) <> i.net_minor""",
    "an invoice's tax is not the sum of its tax lines": """
        SELECT i.id FROM invoice i LEFT JOIN tax_line t ON t.invoice_id = i.id
        GROUP BY i.id, i.tax_minor HAVING COALESCE(SUM(t.tax_minor), 0) <> i.tax_minor""",
    "an invoice says more or less paid than was laid on it": """
        SELECT i.id FROM invoice i LEFT JOIN allocation a ON a.invoice_id = i.id
        GROUP BY i.id, i.paid_minor HAVING COALESCE(SUM(a.amount_minor), 0) <> i.paid_minor""",
    "an invoice is called paid and is not covered": """
        SELECT id FROM invoice WHERE status = 'paid' AND paid_minor <> total_minor""",
    "an invoice is covered and not called paid": """
        SELECT id FROM invoice WHERE status IN ('unpaid', 'pending') AND paid_minor = total_minor""",
    "an issued invoice has no entry": """
        SELECT id FROM invoice i WHERE NOT EXISTS (
            SELECT 1 FROM entry e WHERE e.note = i.label)""",
    "numbers of a series have gaps": """
        SELECT series FROM invoice GROUP BY series HAVING MAX(number) - MIN(number) + 1 <> COUNT(*)""",
    "a client's credit is not what the ledger says": """
        SELECT c.id FROM client c LEFT JOIN posting p ON p.client_id = c.id AND p.account = '2300'
        GROUP BY c.id, c.credit_minor HAVING -COALESCE(SUM(p.amount_minor), 0) <> c.credit_minor""",
    "what clients owe by ledger and by invoices differs": """
        SELECT c.id FROM client c
        WHERE (SELECT COALESCE(SUM(p.amount_minor), 0) FROM posting p
               WHERE p.client_id = c.id AND p.account = '1100')
           <> (SELECT COALESCE(SUM(i.total_minor - i.paid_minor), 0) FROM invoice i
               WHERE i.client_id = c.id AND i.status <> 'void')""",
    "a succeeded charge was not laid on anything": """
        SELECT a.id FROM attempt a WHERE a.kind = 'charge' AND a.state = 'succeeded' AND NOT EXISTS (
            SELECT 1 FROM entry e WHERE e.note = 'A-' || a.number)""",
    "more was refunded than was taken": """
        SELECT id FROM attempt WHERE kind = 'charge' AND refunded_minor > amount_minor""",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One broken invariant and the row that breaks it."""

    rule: str
    subject: str


def breaches(session: Session) -> Iterator[Breach]:
    """Run every check. Reads only."""
    for rule, query in CHECKS.items():
        for row in session.execute(text(query)):
            yield Breach(rule=rule, subject=str(row[0]))
