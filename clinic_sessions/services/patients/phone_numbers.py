"""How a stored phone number is read by people."""

import phonenumbers


def phone_text(e164: str) -> str:
    """Write a phone number as it is dialed from here: (310) 555-0100; one from abroad keeps its +34.

    >>> phone_text("+13105550100"), phone_text("+34612345678")
    ('(310) 555-0100', '+34 612 34 56 78')
    """
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    style = phonenumbers.PhoneNumberFormat
    return phonenumbers.format_number(number, style.NATIONAL if number.country_code == 1 else style.INTERNATIONAL)
