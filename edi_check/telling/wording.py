"""What the codes of our answers mean, in our own words.

Only codes that an edit of ours or the guide's acknowledgments use, and their neighbours; the lists themselves (X12
codes lists 507 and 508) are not shipped. A code that isn't here is shown bare.
"""

from __future__ import annotations

from ..findings import Status

__all__ = ["ANSWERS", "CATEGORIES", "ENTITIES", "LEVEL_WORDS", "STATUSES", "status_code", "status_words"]

CATEGORIES = {
    "A0": "passed on to somebody else",
    "A1": "received",
    "A2": "taken up for adjudication",
    "A3": "returned unprocessed",
    "A4": "not found",
    "A5": "split when it was taken up",
    "A6": "rejected as missing",
    "A7": "rejected as not valid",
    "A8": "rejected as contradictory",
}

STATUSES = {
    "19": "received by the party named",
    "20": "accepted for processing",
    "21": "something is missing or not valid",
    "23": "returned to the party named",
    "24": "not an approved submitter",
    "33": "subscriber not found",
    "48": "referral or authorization",
    "54": "duplicate of a claim already processed",
    "78": "duplicate of a claim still being processed",
    "97": "no eligibility for this party",
    "116": "sent to the wrong payer",
    "121": "too many service lines",
    "125": "name of the party",
    "126": "address of the party",
    "128": "tax id of the party",
    "145": "taxonomy (specialty) code",
    "153": "id number of the party",
    "158": "date of birth",
    "159": "date of death",
    "164": "member number",
    "178": "total charge of the claim",
    "183": "amount paid",
    "187": "date of service",
    "188": "statement dates",
    "189": "date of admission",
    "191": "date of the last menstrual period",
    "192": "first date of this condition",
    "225": "place on the body",
    "247": "see the service line",
    "249": "place of service",
    "252": "authorization number",
    "254": "principal diagnosis",
    "255": "other diagnosis",
    "258": "number of units or days for the procedure",
    "259": "how often the service was given",
    "294": "documents that support the claim",
    "306": "detailed description of the service",
    "331": "physical examination report",
    "397": "date of onset",
    "400": "claim does not balance",
    "402": "amount must be above zero",
    "453": "procedure modifier",
    "454": "procedure code",
    "464": "payer's number of the original claim",
    "476": "units of service",
    "477": "diagnosis pointer",
    "479": "id of the other payer",
    "480": "kind of coverage (claim filing code)",
    "481": "form or structure of the claim",
    "488": "diagnosis for this service",
    "489": "attachment control number",
    "496": "submitter not approved for this provider",
    "500": "ZIP code",
    "501": "state",
    "502": "city",
    "503": "street address",
    "504": "last name",
    "505": "first name",
    "507": "HCPCS or CPT procedure code",
    "508": "ICD-9 diagnosis",
    "510": "a date in the future",
    "511": "a character that is not allowed",
    "512": "wrong length",
    "516": "day on which the other payer decided",
    "519": "adjustment amount",
    "535": "claim frequency code",
    "560": "further id of the party",
    "562": "National Provider Identifier, NPI",
    "583": "charge of the line",
    "643": "what the other payer paid on the line",
    "659": "unit of measure",
    "672": "other payer's amounts do not balance",
    "684": "syntax error that the 999 tells",
    "693": "amount must not be below zero",
    "694": "amount must not be zero",
    "697": "too many decimals",
    "700": "ICD-10 diagnosis",
    "701": "date of the first treatment",
    "710": "other payer's decision on the line",
    "715": "date it became acute",
    "725": "value code",
    "727": "date of the accident",
    "732": "against the billing guidelines",
    "735": "included in another service",
    "742": "payer sequence",
    "746": "batch or file was sent before",
    "750": "state of the accident",
    "755": "main id of the party",
    "757": "day last seen",
    "772": "diagnosis lacks digits",
    "774": "experimental service",
    "777": "multiple or concurrent services",
    "779": "same or similar service within a period",
    "787": "send it as a new claim",
    "796": "procedure code not valid on the day of service",
    "799": "send it as a replacement",
}

ENTITIES = {
    "1P": "provider", "36": "employer", "40": "receiver", "41": "submitter", "71": "attending physician",
    "72": "operating physician", "77": "service location", "82": "rendering provider", "85": "billing provider",
    "87": "pay-to provider", "AY": "clearinghouse", "DK": "ordering provider", "DN": "referring provider",
    "DQ": "supervising provider", "FA": "facility", "IL": "subscriber",
    "P3": "primary care provider", "PR": "payer", "QB": "purchased service provider", "QC": "patient",
}

LEVEL_WORDS = {"reject": "rejected", "review": "to review", "warn": "warning", "note": "note"}

ANSWERS = {"A": "accepted", "E": "accepted, with errors", "P": "accepted in part", "R": "rejected"}
"""TA104, AK901 and IK501."""


def status_code(status: Status) -> str:
    """As people write it.

    >>> status_code(Status("A7", ("562",), "85")), status_code(Status("A8", ("400", "178"))), status_code(Status())
    ('A7:562:85', 'A8:400,178', '')
    """
    if not status.category:
        return ""
    entity = f":{status.entity}" if status.entity else ""
    return f"{status.category}:{','.join(status.codes)}{entity}"


def status_words(status: Status) -> str:
    """The code's meaning, in one line.

    >>> status_words(Status("A7", ("562",), "85"))
    'rejected as not valid: National Provider Identifier, NPI (billing provider)'
    """
    if not status.category:
        return ""
    meant = "; ".join(STATUSES.get(code, f"status {code}") for code in status.codes)
    entity = ENTITIES.get(status.entity, status.entity)
    return f"{CATEGORIES.get(status.category, status.category)}: {meant}{f' ({entity})' if entity else ''}"
