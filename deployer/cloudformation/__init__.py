"""What CloudFormation does and tells: stacks, change sets, events, causes, and how one stack is changed."""
