"""What the browser gets that we did not write: pinned in package-lock.json, fetched by set-up."""
