"""What calls to paid models cost: who asks, what a call may cost at most, and the ledger that counts it."""
