"""The catalogue in and out of files: import with preview, export, product feed."""
