"""The architecture as a picture, drawn from the rendered templates: what is deployed, not what was meant."""
