from apps.rings.services.passes import find_rings

__all__ = ["find_rings"]
