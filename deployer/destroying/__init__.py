"""An environment is removed: what goes, what stays, and the way back."""
