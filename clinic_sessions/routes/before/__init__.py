"""Before the dose: what is asked, what stands against a start, a provider's word."""
