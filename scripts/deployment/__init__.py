"""Validators of deployment files: from the tree's root to what is wrong. `scripts.deploy_check` runs them."""
