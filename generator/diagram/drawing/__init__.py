"""From a picture of the architecture to SVG: coordinates, no CloudFormation."""
