from django.contrib.auth.hashers import Argon2PasswordHasher


class ModestArgon2(Argon2PasswordHasher):
    """Argon2id at the least of OWASP's password storage cheat sheet: 19 MiB, 2, 1."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
