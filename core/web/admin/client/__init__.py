"""Everything about one client, page by page: each module is one tab, or one of the guided steps."""
