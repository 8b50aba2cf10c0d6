"""E-mail addresses: whether the text can be one, by its syntax alone.

Nothing is looked up, so a verdict depends on the text and never on the network.
"""

from __future__ import annotations

from pipeline.values.white_space import WHITE_SPACE


def is_email(text: str) -> bool:
    """Whether a text is one address and nothing else.

    White space around it is no fault. A display name, `mailto:`, a full stop at the end or a
    second address is: whoever copies the text into a mail program gets an error.
    """
    # costs 30 ms, which `--help` does without
    from email_validator import EmailNotValidError, validate_email

    address = text.strip(WHITE_SPACE)
    try:
        validate_email(address, check_deliverability=False, test_environment=False)
    except EmailNotValidError:
        return False
    return True
