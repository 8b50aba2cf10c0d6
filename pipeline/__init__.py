"""crm-audit: checks a CRM's data per manager, proves it against the source, publishes it."""

__version__ = "0.1.0"
