"""SuiteCRM's real tables: what we compute equals SQL written by hand."""
