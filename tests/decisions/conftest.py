"""How property tests run: on a busy machine a slow example is no fault."""

from hypothesis import HealthCheck, settings

settings.register_profile("clerk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("clerk")
