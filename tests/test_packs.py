"""Mistakes in a pack are found when it is loaded: with file, edit, what is wrong and the right word, a line each."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path
from typing import Any

import pytest

import edi_check
from edi_check.findings import PackError
from edi_check.generating import AS_OF as GENERATED_AS_OF
from edi_check.generating import generate
from edi_check.judging.conditions import FIELDS, Condition
from edi_check.judging.engine import Engine
from edi_check.judging.packs import load_builtin_packs, load_pack, load_packs, retired_ids
from edi_check.judging.patterns import pattern_of
from edi_check.judging.values import convert
from edi_check.model import ServiceLine, new_claim

BUILTIN = Path(edi_check.__file__).parent / "packs"

GOOD = """
pack    = "ACME-PT"
title   = "Physical therapy"
version = "1"
source  = "ACME Health, policy 'Physical therapy', 2026"
closing = "the contract decides"
topics  = ["therapy", "exclusions"]

[applies]
payer_ids = ["99001"]
lob       = ["commercial"]

[names]
97140 = "manual therapy"

[settings.most]
default = 4
says    = "Most units a day."

[settings.rule]
default = "midpoint"
choices = ["midpoint", "eight-minute"]
says    = "How minutes make units."

[lists]
therapy = ["97110", "97140"]
joints  = ["M00-M25", "S93.40*"]

[words]
stones = ["hot stone*"]

[[edit]]
id      = "ACME-PT-01"
name    = "modifier-51"
level   = "reject"
snip    = 7
says    = "{procedure:name} on {day} carries {value}."
fix     = "Remove it."
why     = "Because."
section = "3.d"
status  = { category = "A7", codes = ["453"] }
where   = { procedure = "list:therapy", frequency = ["1"] }
require = { modifiers = { none = ["51"] } }
from    = 2026-01-01

[[edit]]
id      = "ACME-PT-02"
name    = "too-many-units"
level   = "review"
snip    = 7
says    = "{total} units, at most {most}."
fix     = "Fewer than {most}."
why     = "Because."
section = "3.b"
status  = { category = "A8", codes = ["258"] }
where   = { procedure = ["97140"] }
check   = "units_over_daily_limit"
with    = { procedure = "97140", most = "setting:most", exempt_groups = [] }
also_says.twice = "{procedure:name} on {day} is there again."

[[edit.also]]
says  = "twice"
level = "warn"
where = { procedure = ["97110"] }
check = "procedure_is_listed"
"""

REQUIRE = 'require = { modifiers = { none = ["51"] } }'

MISTAKES = [
    ('closing = "the', 'ending = "the', "unknown key ending"),
    ('pack    = "ACME-PT"', 'pack    = "CORE"', "the pack id CORE is taken by a built-in pack"),
    ('title   = "Physical therapy"', "", "title is missing"),
    ('version = "1"', "version = 1", "version must be text"),
    ('"exclusions"]', '"exclusion"]', "there is no topic exclusion; did you mean exclusions? (choices: addresses"),
    ('lob       = ["commercial"]', 'lob       = ["comercial"]', "lob 'comercial' is not one of the choices"),
    ('payer_ids = ["99001"]', 'payer = ["99001"]', "unknown key payer; did you mean payer_ids?"),
    ("default = 4\nsays    =", "default = 4\nsay     =", "unknown key say; did you mean says?"),
    ('choices = ["midpoint", "eight-minute"]', 'choices = ["mid-point"]',
     "'midpoint' is not one of the choices; did you mean mid-point?"),
    ('choices = ["midpoint", "eight-minute"]', "choices = []",
     "a choice needs choices: a list of texts, the default among them"),
    ("default = 4", "", "kind is needed: the default doesn't tell it (choices: number,"),
    ('joints  = ["M00-M25"', 'joints  = ["M25-M00"', "'M25-M00' is not a code, a prefix (N97*) or a range"),
    ('["97110", "97140"]', '["97110", "s8990"]', "'s8990' is not a code"),
    ('["hot stone*"]', '["Hot stone"]', "'Hot stone' is not lower-case words"),
    ('id      = "ACME-PT-01"', 'id      = "ACME-01"', "the id must begin with ACME-PT-"),
    ('id      = "ACME-PT-01"', 'id      = "acme-pt-01"', "the id must be capitals and digits joined by hyphens"),
    ('id      = "ACME-PT-02"', 'id      = "ACME-PT-01"', "ACME-PT-01: the id is given twice"),
    ('name    = "modifier-51"', 'name    = "Modifier 51"', "must be lower-case words joined by hyphens"),
    ('level   = "reject"', 'level   = "rejected"', "level 'rejected' is not one of the choices; did you mean reject?"),
    ("snip    = 7", "snip    = 8", "snip 8 must be a number from 1 to 7"),
    ("snip    = 7\nsays    = \"{procedure", "says    = \"{procedure", "missing: snip"),
    ("carries {value}", "carries {modifier}", "nothing fills {modifier}; did you mean modifiers?"),
    ("carries {value}", "carries {value", "a brace that belongs to no placeholder"),
    ("{procedure:name}", "{procedure:words}", "the only form is :name"),
    ('fix     = "Fewer than {most}."', 'fix     = "Fewer than {least}."', "fix: nothing fills {least}"),
    ('why     = "Because."\nsection = "3.d"', 'why     = ""\nsection = "3.d"', "why is empty"),
    ('category = "A7"', 'category = "F2"', "status category 'F2' must be A0 to A8"),
    ('codes = ["453"]', 'codes = []', "status codes must be one to three numbers as text"),
    ('codes = ["453"] }', 'code = ["453"] }', "unknown status key code; did you mean codes?"),
    ("frequency = [", "frequencies = [", "there is no field frequencies; did you mean frequency?"),
    ("modifiers = { none", "modifiers = { non", "there is no condition non; did you mean none?"),
    (REQUIRE, 'require = { units = { none = ["6"] } }', "units is a number; none doesn't fit"),
    (REQUIRE, 'require = { units = { at_most = "six" } }', "'six' is not a number"),
    (REQUIRE, 'require = { procedure = { matches = "[0-9" } }', "is not a pattern"),
    (REQUIRE, "", "exactly one of require, check and found_by is needed"),
    ("from    = 2026-01-01", 'from    = "2026-01-01"', "from must be a day without quotes"),
    ("from    = 2026-01-01", "from    = 2026-01-01\nuntil   = 2025-12-31", "from 2026-01-01 is after until"),
    ("from    = 2026-01-01", "from    = 2026-13-01", "not TOML"),
    ("from    = 2026-01-01", "on_voids = true", "unknown key on_voids; did you mean on_void?"),
    ('"list:therapy"', '"list:therapies"', "there is no list therapies; did you mean therapy? (choices: the"),
    ('where   = { procedure = ["97140"] }', "", "this check needs where = { procedure = [...] }"),
    ('where   = { procedure = ["97140"] }', 'where   = { procedure = ["97*"] }', "edits are found by"),
    ('where   = { procedure = ["97140"] }', 'where = { procedure = ["97140"], frequency = ["1"] }',
     "where: frequency: a check over several claims takes procedures only"),
    ('says  = "twice"', 'says  = "again"', "also: there is no sentence again in also_says"),
    ('level = "warn"', 'level = "warning"', "also: level 'warning' is not one of the choices; did you mean warn?"),
    ('level = "warn"', 'snip = 7', "unknown key of also snip"),
    ('check = "procedure_is_listed"', "", "also: check is missing"),
    ('check = "procedure_is_listed"', 'check = "procedures_listed"', "did you mean procedure_is_listed?"),
    ('check   = "units_over_daily_limit"', 'check   = "units_over_limit"', "did you mean units_over_daily_limit?"),
    ('check   = "units_over_daily_limit"', 'check   = "duplicate_line"', "it is in the topic duplicates, which"),
    ('check   = "units_over_daily_limit"', 'check   = "os.system"', "there is no check os.system"),
    ("most = \"setting:most\",", "limit = \"setting:most\",", "has no parameter limit"),
    ("most = \"setting:most\",", "", "needs the parameter most under with"),
    ("\"setting:most\"", "\"setting:mosts\"", "there is no setting mosts; did you mean most?"),
    ("most = \"setting:most\"", "most = \"four\"", "parameter most: 'four' is not a number"),
    ("exempt_groups = []", "exempt_groups = 7", "parameter exempt_groups: 7 is not a list of texts"),
    ('check   = "units_over_daily_limit"', 'found_by = "reading"', "found_by is for built-in packs only"),
    ("[[edit]]\nid      = \"ACME-PT-02\"", "[edit_2]\nid      = \"ACME-PT-02\"", "unknown key edit_2; did"),
]


def _load(tmp_path: Path, text: str) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(text, "utf-8")
    load_pack(path)


def test_a_good_pack_loads(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(GOOD, "utf-8")
    pack = load_pack(path)
    assert [d.edit.id for d in pack.edits] == ["ACME-PT-01", "ACME-PT-02"]
    assert pack.edits[1].edit.settings == (("ACME-PT.most", "4", "Most units a day."),)
    assert [p.id for p in load_packs([str(path)])] == ["GUIDE", "CORE", "ACME-PT"]


@pytest.mark.parametrize(("old", "new", "says"), MISTAKES, ids=[m[2][:50] for m in MISTAKES])
def test_a_mistake_is_found_at_load(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in GOOD
    with pytest.raises(PackError) as caught:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert says in str(caught.value)
    assert "acme.toml" in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace('"reject"', '"rejects"').replace("snip    = 7", "snip    = 0").replace("[names]", "[name]")
    with pytest.raises(PackError) as caught:
        _load(tmp_path, text)
    assert len(str(caught.value).splitlines()) >= 4


@pytest.mark.parametrize("text", [
    "", "pack = 1", "edit = 3", "edit = [1]", "[edit]", "[[edit]]", "[[edit]]\nid = 1\nwhere = 1", "names = 1",
    "lists = 1", "[lists]\na = 1", "[settings]\na = 1", "applies = 1", "topics = 1", "words = [1]",
    "[[edit]]\nstatus = 1", "\x00",
])
def test_no_shape_of_a_pack_raises_anything_else(tmp_path: Path, text: str) -> None:
    with pytest.raises(PackError):
        _load(tmp_path, text)


@pytest.mark.parametrize("key", ["id", "name", "level", "snip", "says", "fix", "why", "section", "status", "where",
                                 "require", "also_says", "levels", "from", "lob", "check", "with"])
@pytest.mark.parametrize("value", ["1", "true", '""', "[]", "[[]]", "{}", "{ a = 1 }", "2026-01-01"])
def test_no_value_of_an_edit_raises_anything_else(tmp_path: Path, key: str, value: str) -> None:
    head, edit = GOOD.split("[[edit]]")[:2]
    lines = [line for line in edit.splitlines() if not line.startswith(key)]
    text = head + "[[edit]]\n" + "\n".join([*lines, f"{key} = {value}"])
    try:
        _load(tmp_path, text)
    except PackError:
        pass


def test_an_unreadable_pack_is_an_error_of_packs(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="No such file"):
        load_pack(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'pack = "\xe9"')
    with pytest.raises(PackError, match="not UTF-8"):
        load_pack(tmp_path / "latin.toml")
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000 + "]" * 5000)
    with pytest.raises(PackError, match="TOML nested without end"):
        load_pack(tmp_path / "deep.toml")


@pytest.mark.parametrize(("text", "says"), [
    ("snip = " + "9" * 5000, "not TOML: a number of thousands of digits"),
    ("snip = 0x" + "f" * 9000, "not TOML: a whole number of more than 64 bits"),
    ("[[edit]]\nsays." + ".".join("a" * 5000) + " = 1", "TOML nested without end"),
    ('says."a"' + ". 'b'" * 5000 + " = 1", "TOML nested without end"),
    ("# " + "x" * (16 << 20), "longer than 16 MiB"),
], ids=["digits", "bits", "keys", "quoted keys", "bytes"])
def test_a_pack_beyond_all_measure_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(PackError, match=says):
        _load(tmp_path, text)


def test_a_list_of_many_codes_is_no_key_of_many_parts(tmp_path: Path) -> None:
    codes = ", ".join(f'"M{n:02}.{n:02}"' for n in range(100))
    _load(tmp_path, GOOD.replace('["M00-M25", "S93.40*"]', f"[{codes}]  # {'a.' * 20}"))


@pytest.mark.parametrize("pattern", ["(A+)+", "(A|A)*B", "([0-9]|[0-9]{1,2})+X", "A*A*A*B", "(?=(A+)+)A",
                                     "(a{1,99}){1,99}", "A?" * 40, "(" * 3000 + ")" * 3000, "A{99999999999999}"])
def test_a_pattern_that_could_keep_a_machine_busy_is_refused(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(PackError, match=r"too many ways|is not a pattern"):
        _load(tmp_path, GOOD.replace('require = { modifiers = { none = ["51"] } }',
                                     f'require = {{ procedure = {{ matches = "{pattern}" }} }}'))


@pytest.mark.parametrize("pattern", ["M990[0-9A-Z]*", "[A-Z]+-[0-9]+", "(97140|97124)", "([A-Z][0-9])*",
                                     "9[0-9]{4}(:GP)?", "(?!0)[0-9]{1,9}", "(?i)[a-z]{2,}", ".*X.*"])
def test_a_pattern_of_codes_is_taken(pattern: str) -> None:
    assert pattern_of(pattern)[1] == ""


def test_the_ways_of_a_long_pattern_are_counted_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Multiplied out, those of 100 KB took most of a minute."""
    largest = 0

    class Ways(int):
        def __mul__(self, other: int) -> int:
            nonlocal largest
            largest = max(largest, int(self) * int(other))
            return Ways(int(self) * int(other))

        __rmul__ = __mul__

    monkeypatch.setattr("edi_check.judging.patterns._ways_of", lambda name, value: Ways(1000))
    assert "too many ways" in pattern_of("A" * 50)[1]
    assert 1000 < largest < 100_000_000


def test_a_value_longer_than_any_of_the_guide_s_is_left_to_the_guide() -> None:
    """It would be the longest to match, and is told as too long already."""
    condition = Condition(FIELDS["procedure"], "matches", pattern_of("[A-Z]*[0-9]*")[0])
    line = ServiceLine()
    line.procedure = "A" * 80 + "!"
    assert condition.fault(new_claim(), line) is None
    line.procedure = "A" * 79 + "!"
    assert condition.fault(new_claim(), line) is not None


@pytest.mark.parametrize("given", ["1e99999999", "1e-99999999", 1e300])
def test_a_number_beyond_any_claim_s_is_none(given: object) -> None:
    """As a whole number, or written out, it would fill any memory."""
    assert "is not a whole number" in convert("int", given)[1]
    assert "beyond any claim's" in convert("Decimal", given)[1]


def test_packs_are_chosen_by_id_or_file() -> None:
    assert [p.id for p in load_packs([])] == ["GUIDE", "CORE"]
    assert [p.id for p in load_packs(["psrc-mt"])] == ["GUIDE", "CORE", "PSRC-MT"]
    with pytest.raises(PackError, match="did you mean PSRC-MT"):
        load_packs(["PSRC-TM"])


@pytest.mark.parametrize(("options", "says"), [
    ({"levels": {"PSRC-MT-3": "review"}}, "no edit PSRC-MT-3 in this run; did you mean PSRC-MT-"),
    ({"levels": {"PSRC-MT-03": "warning"}}, "did you mean warn"),
    ({"settings": {"PSRC": {}}}, "no pack PSRC in this run"),
    ({"settings": {"PSRC-MT": {"maxunits": 6}}}, "no setting maxunits; did you mean max_units"),
    ({"settings": {"PSRC-MT": {"max_units": "six"}}}, "PSRC-MT.max_units: 'six' is not a number"),
    ({"settings": {"PSRC-MT": {"aso_groups": "G123"}}}, """'G123' is not a list of texts: write ["G123"]"""),
    ({"settings": {"PSRC-MT": {"minute_rule": "mid"}}}, "'mid' is not one of the choices"),
    ({"settings": {"PSRC-MT": {"supportive_diagnoses": ["m54"]}}}, "'m54' is not a code"),
    ({"payers": {"99001": "comercial"}}, "did you mean commercial"),
    ({"lob": "medicar"}, "did you mean medicare"),
])
def test_a_run_with_unknown_names_is_refused(options: dict, says: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(PackError) as caught:
        Engine(load_builtin_packs(), as_of=datetime.date(2026, 3, 1), **options)
    assert says in str(caught.value)


def test_a_list_of_two_lists_is_both_of_them() -> None:
    lists = tomllib.loads((BUILTIN / "ohp" / "manual_therapy.toml").read_text("utf-8"))["lists"]
    assert lists["modalities_and_therapies"] == lists["modalities"] + lists["therapies"]


def test_retired_ids_are_not_used() -> None:
    used = {d.edit.id for pack in load_builtin_packs() for d in pack.edits}
    assert not used & set(retired_ids()), "an id is never used again: take a new one"


def test_a_run_leaves_the_packs_as_they_were() -> None:
    """They are read once in a process, and a service checks file after file, each with a configuration of its own."""
    data = b"".join(generate(200, 5, faults=0.5))

    def told(**options: Any) -> list[tuple[str, str, str, str]]:
        findings = edi_check.check(data, as_of=GENERATED_AS_OF, **options).files[0].findings
        return [(f.edit, f.level, f.message, f.fix) for f in findings]

    first = told()
    levels = {f[0]: "warn" for f in first}
    other = told(levels=levels, settings={"PSRC-MT": {"max_units": 1}},
                 payers={"93029": "medicare"}, packs=["PSRC-MT", "CMS-MT"])
    assert {f[1] for f in other if f[0] in levels} == {"warn"}
    load_builtin_packs().clear()
    assert told() == first
