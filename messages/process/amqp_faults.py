"""Why RabbitMQ can't be reached, without the wrapping of pika's errors. Pure."""

from collections.abc import Iterator


def why(error: BaseException) -> str:
    """The innermost cause in words, such as `Connection refused`; an error's name if it has no words."""
    inner = next(_inside(error), None)
    if inner is not None:
        return why(inner)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _inside(error: BaseException) -> Iterator[BaseException]:
    """What an error wraps, the last thing that went wrong first."""
    several = getattr(error, "exceptions", ())
    found = (*reversed(several), getattr(error, "exception", None), *error.args)
    return (each for each in found if isinstance(each, BaseException))
