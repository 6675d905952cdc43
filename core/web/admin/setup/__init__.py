"""The host's own settings of client records: groups, statuses, custom fields, tax zones."""
