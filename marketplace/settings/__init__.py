"""Settings: `base` gathers one module per integration; `local`, `production` and `test` say where we run.

Every value comes from the environment (see `.env.example`); versioned policy rows in the
database say how the shop behaves.
"""
