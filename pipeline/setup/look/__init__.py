"""What is there: tables, columns, texts and what they show of a CRM."""
