"""Innkeeper: orders, billing and provisioning for people who sell web hosting."""
