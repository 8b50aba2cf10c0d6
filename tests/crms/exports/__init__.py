"""Exports of cloud CRMs: folders that the tests write, and figures that are counted while they are written."""
