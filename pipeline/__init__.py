"""crm-audit: what the CRM holds, checked per manager, proven against the source, published."""

__version__ = "0.1.0"
