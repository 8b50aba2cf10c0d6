"""Reading the CRM: one consistent, read-only transaction, inside which two readings are made.

The rows go out as the driver gives them; the witness is what the database itself counts. Then it is let go.
"""

from pipeline.source.connect import advice, consistent, open_engine
from pipeline.source.reading import Demand, Reading

__all__ = ["Demand", "Reading", "advice", "consistent", "open_engine"]
