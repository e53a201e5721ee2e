"""What happened while CloudFormation was at work, kept while the evidence exists, and told again."""
