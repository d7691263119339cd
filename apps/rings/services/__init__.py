from apps.rings.services.passes import find_changed, find_rings

__all__ = ["find_changed", "find_rings"]
