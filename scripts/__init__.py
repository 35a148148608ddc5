"""What the Makefile calls: environment, suite, checks, local services. None of it is imported by the product."""
