"""Minimum field sets, validated."""
