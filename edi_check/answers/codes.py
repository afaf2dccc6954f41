"""What the codes of an acknowledgment mean, in our own words: TA105, AK905, IK502, IK304, IK403, and a 277's statuses.

A code that isn't here is said to be unknown: a wrong meaning would be worse than none. The older 997 has the same
lists under the names AK304, AK403 and AK502.
"""

from __future__ import annotations

from ..telling.wording import ANSWERS, CATEGORIES, ENTITIES, STATUSES

__all__ = [
    "LISTS", "RESULTS", "all_of_list", "entity_words", "is_known_status", "is_refusal", "is_taken", "meaning",
    "status_meaning",
]

SECURITY = "a matter of encryption or signatures"

TA105 = {
    "000": "no error", "001": "the control numbers of ISA and IEA differ", "002": "the standard named in ISA11",
    "003": "the version of the control segments", "004": "the segment terminator",
    "005": "the qualifier of the sender's id", "006": "the sender's id", "007": "the qualifier of the receiver's id",
    "008": "the receiver's id", "009": "the receiver is not known there", "010": "the kind of authorization",
    "011": "the authorization", "012": "the kind of password", "013": "the password", "014": "the date",
    "015": "the time", "016": "the repetition separator or standard", "017": "the version",
    "018": "the control number", "019": "whether a TA1 is asked for", "020": "test or production",
    "021": "the number of groups in IEA01 is not that of the interchange",
    "022": "the control segments are out of order",
    "023": "the file ends before the interchange does", "024": "the content of the interchange can't be read",
    "025": "this control number was there before", "026": "the element separator", "027": "the component separator",
    "028": "the day of a deferred delivery", "029": "the time of a deferred delivery",
    "030": "the time zone of a deferred delivery", "031": "the service grade",
}
AK905 = {
    "1": "this kind of group is not taken there", "2": "this version of the guide is not taken there",
    "3": "the trailer GE is missing", "4": "the control numbers of GS and GE differ",
    "5": "the number of sets in GE01 is not that of the group", "6": "the control number is not valid",
    "19": "this control number was used before in the interchange",
    **dict.fromkeys(("10", "11", "12", "13", "14", "15", "16", "17", "18", "23", "24", "25", "26"), SECURITY),
}
IK502 = {
    "1": "this kind of set is not taken there", "2": "the trailer SE is missing",
    "3": "the control numbers of ST and SE differ", "4": "the number of segments in SE01 is not that of the set",
    "5": "one or more segments are at fault", "6": "the set's id (ST01) is not valid",
    "7": "the set's control number (ST02) is not valid", "18": "the set doesn't belong in this kind of group",
    "19": "the guide named in ST03 is not valid", "23": "this control number was used before in the group",
    "I5": "one or more segments are against the guide", "I6": "the guide named in ST03 is not taken there",
    **dict.fromkeys(("8", "9", "10", "11", "12", "13", "15", "16", "17", "24", "25", "26", "27"), SECURITY),
}
IK304 = {
    "1": "is no segment that the standard knows", "2": "is not expected here", "3": "is required, but missing",
    "4": "opens its loop once too often", "5": "comes once too often", "6": "doesn't belong in this kind of set",
    "7": "is out of order", "8": "has elements at fault", "I4": "is not used by the guide, but is there",
    "I6": "is missing, although something else demands it", "I7": "is missing: its loop has to come more often",
    "I8": "is missing: it has to come more often", "I9": "is there, although something else forbids it",
}
IK403 = {
    "1": "required, but missing", "2": "missing, although another element demands it",
    "3": "more elements than the segment has", "4": "too short", "5": "too long",
    "6": "holds a character that is not allowed", "7": "not a code of the list", "8": "not a valid date",
    "9": "not a valid time", "10": "given, although another element excludes it", "12": "repeated too often",
    "13": "more components than the element has", "I6": "a code that the guide doesn't use",
    "I9": "missing, although something else demands it", "I10": "not used by the guide, but given",
    "I11": "repeated too rarely", "I12": "not of the form that the guide demands",
    "I13": "given, although something else forbids it",
}
LISTS = {"TA105": TA105, "AK905": AK905, "IK502": IK502, "IK304": IK304, "IK403": IK403}

RESULTS = {**ANSWERS, "M": "rejected: " + SECURITY, "W": "rejected: " + SECURITY, "X": "rejected: " + SECURITY}
"""TA104, AK901 and IK501."""

MORE_STATUSES = {
    "16": "passed on to the party named", "17": "passed on to the party named by a third party",
    "18": "received, but returned with a status that is not valid", "25": "the party named is not approved",
    "26": "the party named is not found", "27": "policy cancelled",
    "29": "subscriber and policy number don't match", "30": "subscriber and member number don't match",
    "31": "subscriber and policyholder don't match", "32": "subscriber and policy number not found",
    "35": "claim not found", "88": "not eligible on the day of service",
    "122": "something missing or not valid keeps the payer from processing it",
    "123": "more information is asked of the party named", "124": "name, address, phone and id number of the party",
    "127": "phone of the party", "157": "gender of the party", "163": "policy number of the party",
    "270": "place of the subluxation", "271": "spinal segments", "263": "length of time of the service",
    "287": "medical necessity", "293": "reason for physical therapy", "294": "supporting documents",
    "297": "medical notes", "401": "source of payment not valid", "455": "revenue code",
    "521": "adjustment reason code",
    "673": "patient's reason for the visit", "483": "most that is covered is reached",
    "674": "authorization exceeded", "780": "most in a lifetime is reached",
}
MORE_ENTITIES = {
    "03": "dependent", "1Z": "home health provider", "73": "other physician", "GB": "other insured",
    "LI": "independent laboratory", "PRP": "primary payer", "QD": "responsible party", "SEP": "secondary payer",
    "TL": "testing laboratory", "TTP": "tertiary payer", "TU": "third-party repricer",
}

REFUSALS = frozenset({"A3", "A4", "A6", "A7", "A8"})
TAKEN = frozenset({"A0", "A1", "A2", "A5"})


def is_refusal(category: str, action: str) -> bool:
    """Does a status refuse what it speaks of? By its category, else by STC03.

    >>> is_refusal("A7", ""), is_refusal("A2", "U"), is_refusal("ZZ", "U")
    (True, False, True)
    """
    return category in REFUSALS or (category not in TAKEN and action == "U")


def is_taken(category: str, action: str) -> bool:
    """Does a status take up what it speaks of?"""
    return category in TAKEN or (category not in REFUSALS and action == "WQ")


def meaning(name: str, code: str) -> str:
    """A code of one of the lists in words. ``name`` is that of the element in a 999 (``IK304``) or TA1.

    >>> meaning("IK304", "8"), meaning("IK304", "99")
    ('has elements at fault', 'code 99 of IK304, which is unknown here')
    """
    known = LISTS[name].get(code.zfill(3) if name == "TA105" else code)
    return known or (f"code {code} of {name}, which is unknown here" if code else f"no code in {name}")


def all_of_list(name: str) -> dict[str, str]:
    """The codes of one of the lists with their meanings, but for those of encryption and signatures: no claim file has
    such."""
    return {code: words for code, words in LISTS[name].items() if words is not SECURITY}


def is_known_status(status: str) -> bool:
    """Has a status code of a 277 words here?"""
    return status in STATUSES or status in MORE_STATUSES


def status_meaning(category: str, status: str, entity: str) -> str:
    """An STC composite in words.

    >>> status_meaning("A3", "401", ""), status_meaning("Q9", "", "")
    ('returned unprocessed: source of payment not valid', 'category Q9, which is unknown here: no status')
    """
    said = CATEGORIES.get(category) or (f"category {category}, which is unknown here" if category else "no category")
    what = STATUSES.get(status) or MORE_STATUSES.get(status)
    what = what or (f"status {status}, which is unknown here" if status else "no status")
    whose = entity_words(entity)
    return f"{said}: {what}{f' ({whose})' if whose else ''}"


def entity_words(entity: str) -> str:
    """Whom an entity code means, ``""`` for none."""
    return ENTITIES.get(entity) or MORE_ENTITIES.get(entity) or (f"party {entity}, unknown here" if entity else "")
