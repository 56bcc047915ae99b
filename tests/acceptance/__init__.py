"""Tests of acceptance runs."""
