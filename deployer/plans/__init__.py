"""What a deploy would change, cost and lose: from a change set, or from templates alone."""
