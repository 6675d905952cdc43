"""Not used: ``core.kernel.migrate`` drives Alembic by its API. The file marks the folder for it."""
