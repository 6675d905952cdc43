"""Reading clients, contacts and services in from CSV files.

A file is kept, its columns are laid on fields, all rows are checked without writing anything, then they
are written a chunk at a time. ``import.next_line`` moves in the transaction that writes the rows before
it, so a run that was killed goes on where it was: no row is lost and none is written twice.
"""

from __future__ import annotations
