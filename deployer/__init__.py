"""Everything that touches AWS: templates as text go in, events and outputs come out."""
