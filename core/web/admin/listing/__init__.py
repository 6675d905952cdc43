"""The machinery that every list of the admin works by. What each shows stands in ``core.web.admin.lists``."""
