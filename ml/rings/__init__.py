"""Find groups of accounts under one operator: links, pairs, groups, evidence."""
