"""Sound cards and the null stream."""
