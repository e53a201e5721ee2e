"""What measures. Nothing here passes or fails: it reports what was seen on the machine it ran on."""
