"""Find groups of accounts under one operator: links, pairs, groups, evidence."""

from ml.rings.find import FoundMember, FoundRing, find

__all__ = ["FoundMember", "FoundRing", "find"]
