"""From the text of templates to a picture of the architecture: data, no coordinates."""
