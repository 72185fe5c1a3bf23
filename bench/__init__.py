"""The product's figures, as ratios measured side by side in one run: `python -m bench [name …]`."""
