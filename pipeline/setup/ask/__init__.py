"""What only the owner of a CRM knows: questions at a terminal."""
