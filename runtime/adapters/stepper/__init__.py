"""``Stepper``: step a graph forward on tentative state, then commit it or return."""
