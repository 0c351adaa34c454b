"""How numbers stand in sentences."""


def counted(number: int, noun: str) -> str:
    """Return "1 row" or "2,000 rows" for a noun whose plural ends in s."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
