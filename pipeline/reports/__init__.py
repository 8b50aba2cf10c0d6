"""Reports: what stands in them, how they are written as page and workbook,
and how each is read back.
"""
