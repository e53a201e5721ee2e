"""Turn service.yml into CloudFormation templates: pure functions, no network, no clock, no randomness."""
