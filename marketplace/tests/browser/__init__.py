"""The back office as a person uses it: a real Chromium, clicks and keys, on the pages the server really sends.

Needs `chromium` and `chromedriver` on the path (Debian: packages chromium and chromium-driver). Without them these
tests are skipped and say so; with REQUIRE_BROWSER=1, as in `.ci/run`, that is a failure. Pictures go to
`var/screenshots`, or where SCREENSHOTS says.
"""
