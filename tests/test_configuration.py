"""Settings: which one wins, where each came from, and what a slip is answered with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edi_check.configuration import FOR_SETUP, FOR_TESTS, Configuration, ConfigurationError, load
from edi_check.settings import MODEL


def configured(folder: Path, text: str, environ: dict[str, str] | None = None, **options: object) -> Configuration:
    """The configuration in a folder whose edi-check.toml holds ``text``."""
    (folder / "edi-check.toml").write_text(text, encoding="utf-8")
    return load("", environ or {}, options, str(folder))


def test_the_order_is_option_environment_file_default(tmp_path: Path) -> None:
    text = "[check]\njobs = 2\nstrict = true\nfail_on = 'warn'\n"
    found = configured(tmp_path, text, {"EDI_CHECK_JOBS": "3", "EDI_CHECK_FAIL_ON": "note"}, jobs="4")
    file = str(tmp_path / "edi-check.toml")
    check = found.sections["check"]
    assert check["jobs"] == (4, "--jobs")
    assert check["fail_on"] == ("note", "EDI_CHECK_FAIL_ON")
    assert check["strict"] == (True, file)
    assert check["snip"] == ((1, 7), "default")


def test_config_takes_the_place_of_the_file_in_the_folder(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[check]\nstrict = true\n")
    (tmp_path / "edi-check.toml").write_text("[check]\njobs = 2\nstrict = false\n")
    found = load(str(other), {}, {}, str(tmp_path))
    assert (found.get("strict"), found.get("jobs")) == (True, 1)
    assert load("", {"EDI_CHECK_CONFIG": str(other)}, {}, str(tmp_path)).path == str(other)


def test_free_sections(tmp_path: Path) -> None:
    text = ('[levels]\nCORE-BAL-01 = "warn"\n[payers]\n12345 = "medicaid"\n[pack.PSRC-MT]\nmax_units = 8\n'
            'aso_groups = []\n')
    found = configured(tmp_path, text, {"EDI_CHECK_PAYERS": "777=other"}, level={"CORE-BAL-01": "off"})
    assert found.plain("levels") == {"CORE-BAL-01": "off"}
    assert found.plain("payers") == {"12345": "medicaid", "777": "other"}
    assert found.pack_settings() == {"PSRC-MT": {"max_units": 8, "aso_groups": []}}


def test_paths_in_a_file_are_relative_to_it(tmp_path: Path) -> None:
    text = ('[check]\noutput = "out.json"\nreport = ["html=r.html"]\npack = ["PSRC-MT", "own.toml"]\n'
            '[tables]\nptp = "p.zip"\n')
    found = configured(tmp_path, text)
    assert found.get("output") == str(tmp_path / "out.json")
    assert found.get("report") == [f"html={tmp_path / 'r.html'}"]
    assert found.get("pack") == ["PSRC-MT", str(tmp_path / "own.toml")]
    assert found.get("ptp", "tables") == [str(tmp_path / "p.zip")]


def test_a_tilde_in_a_file_is_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/homes/jane")
    text = ('[check]\noutput = "~/out.json"\nreport = ["html=~/r.html"]\npack = ["~/own.toml"]\n'
            '[tables]\nptp = ["~/p.zip", "not~/p.zip"]\n[[source]]\nkey_file = "~/.ssh/id"\n')
    found = configured(tmp_path, text)
    assert (found.get("output"), found.get("report")) == ("/homes/jane/out.json", ["html=/homes/jane/r.html"])
    assert found.get("pack") == ["/homes/jane/own.toml"]
    assert found.get("ptp", "tables") == ["/homes/jane/p.zip", str(tmp_path / "not~/p.zip")]
    assert found.sources[0]["key_file"].value == "/homes/jane/.ssh/id"


def test_sources_and_watch_are_known(tmp_path: Path) -> None:
    text = '[watch]\nroot = "drop"\npoll_seconds = 0.5\n[[source]]\nhost = "sftp.example"\nport = 2222\n'
    found = configured(tmp_path, text)
    assert found.get("poll_seconds", "watch") == 0.5
    assert found.sources[0]["port"].value == 2222
    assert found.sources[0]["user"].origin == "default"


@pytest.mark.parametrize(("text", "said"), [
    ("[check]\nfail_onn = 'warn'\n", "fail_onn is not a setting; did you mean fail_on?"),
    ("[check]\nfail-on = 'warn'\n", "fail-on is not a setting; did you mean fail_on?"),
    ("[chek]\njobs = 1\n", "chek is not a section; did you mean [check]?"),
    ("jobs = 1\n", "jobs is not a section; it belongs under [check]: jobs = …"),
    ("check = 1\n", "check must be a section, written [check]"),
    ("[check]\nlevel = 'x'\n", "levels have their own section, [levels]"),
    ("[check]\njobs = 'two'\n", "jobs: a whole number, 0 or more, is expected"),
    ("[check]\njobs = true\n", "jobs: a whole number, 0 or more, is expected"),
    ("[check]\njobs = -1\n", "jobs: a whole number, 0 or more, is expected"),
    ("[check]\nstrict = 'maybe'\n", "strict: true or false is expected"),
    ("[check]\nlob = 'comercial'\n", "lob: 'comercial' is none of the choices; did you mean commercial?"),
    ("[check]\nsnip = '5-2'\n", "snip: SNIP types are 1 to 7"),
    ("[check]\nsnip = '1-8'\n", "snip: SNIP types are 1 to 7"),
    ("[check]\nas_of = '2026-02-30'\n", "as_of: a day is expected, as 2026-11-21"),
    ("[check]\npack = 7\n", "pack: a list of texts is expected"),
    ("[check]\noutput = 7\n", "output: a text in quotes is expected"),
    ("[levels]\nCORE-BAL-01 = 'reviw'\n", "[levels] CORE-BAL-01: 'reviw' is none of the choices; did you mean review?"),
    ("[payers]\n12345 = 'x'\n", "choices: commercial, medicare, medicaid, other"),
    ("[pack]\nmax_units = 8\n", "settings of a pack stand under its name, such as [pack.PSRC-MT]"),
    ("[source]\nhost = 'x'\n", "source is a list of sections, each written [[source]]"),
    ("[[source]]\nhst = 'x'\n", "[[source]] 1: hst is not a setting; did you mean host?"),
    ("[watch]\npoll_seconds = 'soon'\n", "poll_seconds: a number, 0 or more, is expected"),
    ("[ack]\ntime = '12:00'\n", "[ack] time: a time is expected, as 0930 or 1200"),
    ("[ack]\ntime = '2400'\n", "[ack] time: a time is expected"),
    ("[ack]\ntime = 1200\n", "[ack] time: a text in quotes is expected"),
    ("[ack]\nsource_qualifier = 'P*I~'\n", "source_qualifier: 'P*I~' is none of the choices; did you mean PI?"),
    ("[ack]\nsource_qualifier = 'ZZ'\n", "choices: PI, XV, FI, 46"),
    ("[ack]\naccepted_status = 'A7'\n", "[ack] accepted_status: a status that accepts is expected, as A2:20:PR"),
    ("[ack]\naccepted_status = 'A7:20:PR'\n", "[ack] accepted_status: a status that accepts is expected"),
    ("[ack]\naccepted_status = 'A2:2*0'\n", "[ack] accepted_status: a status that accepts is expected"),
    ("[ack]\naccepted_status = 'A2:20:AY'\n", "[ack] accepted_status: 'AY' is no entity of a claim's status"),
    ("[ack]\nreceived_status = ''\n", "[ack] received_status: a status that accepts is expected"),
    ("[ack]\nreceived_status = 'A1:19:QC'\n", "'QC' is no entity of a batch's status; choices: 36"),
    ("[check\n", "is not valid TOML"),
    ("a = " + "[" * 5000 + "]" * 5000, "is TOML nested without end"),
    ("[pack.PSRC-MT]\naso_groups." + ".".join("a" * 5000) + " = 1", "is TOML nested without end"),
    ("[check]\njobs = " + "9" * 5000, "is not valid TOML: a number of thousands of digits"),
    ("[check]\njobs = 0x" + "f" * 9000, "is not valid TOML: a whole number of more than 64 bits"),
    ('[tables]\nptp = ["a\\u0000b"]\n', "[tables] ptp: a text without NUL is expected"),
])
def test_a_slip_is_named_with_the_right_word(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        configured(tmp_path, text)
    assert said in str(error.value)
    assert "edi-check.toml" in str(error.value)


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as error:
        configured(tmp_path, "[check]\njobs = 'x'\nlob = 'y'\n", {"EDI_CHECK_SNIP": "9"}, fail_on="z")
    assert len(str(error.value).splitlines()) == 4


@pytest.mark.parametrize(("variable", "hint"), [
    ("EDI_CHECK_FALI_ON", "did you mean EDI_CHECK_FAIL_ON?"),
    ("EDI_CHECK_ASOF", "did you mean EDI_CHECK_AS_OF?"),
    ("EDI_CHECK_LEVEL", "did you mean EDI_CHECK_LEVELS?"),
    ("EDI_CHECK_CONFG", "did you mean EDI_CHECK_CONFIG?"),
    ("EDI_CHECK_WATCH_POLL_SECS", "did you mean EDI_CHECK_WATCH_POLL_SECONDS?"),
    ("EDI_CHECK_fail_on", "did you mean EDI_CHECK_FAIL_ON?"),
    ("EDI_CHECK_QQQ", "`edi-check config show` lists all settings"),
])
def test_an_unknown_variable_is_a_warning(tmp_path: Path, variable: str, hint: str) -> None:
    found = configured(tmp_path, "", {variable: "secret", "HOME": "/x"})
    assert found.warnings == [f"the environment's {variable} is not a setting; {hint}"]


def test_variables_of_others_are_left_alone(tmp_path: Path) -> None:
    """Kubernetes names variables after the services of a namespace; our tests have some of their own."""
    others = ["EDI_CHECK_SERVICE_HOST", "EDI_CHECK_SERVICE_PORT_HTTP", "EDI_CHECK_PORT", "EDI_CHECK_PORT_80_TCP_ADDR",
              "EDI_CHECK_WEB_SERVICE_HOST", "_EDI_CHECK_COMPLETE",
              *(f"EDI_CHECK_{name}" for name in (*FOR_TESTS, *FOR_SETUP))]
    assert configured(tmp_path, "", dict.fromkeys(others, "tcp://10.0.0.1:80")).warnings == []


def test_the_variables_of_the_tests_are_known() -> None:
    told = {name for path in Path(__file__).parent.rglob("*.py")
            for name in re.findall(r'environ\.get\("EDI_CHECK_(\w+)"', path.read_text("utf-8"))}
    assert told == set(FOR_TESTS)
    setup = (Path(__file__).parent.parent / "setup.py").read_text("utf-8")
    assert re.findall(r'environ\.get\("EDI_CHECK_(\w+)"', setup) == list(FOR_SETUP)


@pytest.mark.parametrize("number", ["1000000000", "999999999999"])
def test_a_control_number_of_more_than_nine_digits_is_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(ConfigurationError, match="--control-number: a control number has nine digits at most"):
        configured(tmp_path, "", control_number=number)
    with pytest.raises(ConfigurationError, match="nine digits at most"):
        configured(tmp_path, f"[check]\ncontrol_number = {number}\n")
    assert configured(tmp_path, "", control_number="999999999").get("control_number") == 999_999_999


@pytest.mark.parametrize(("name", "value"), [
    ("time", "0000"), ("time", "2359"), ("source_qualifier", "46"), ("accepted_status", "A1:20:PR"),
    ("accepted_status", "A2:20"), ("accepted_status", "A2:20:P3"), ("received_status", "A1:19:AY"),
])
def test_settings_of_the_answers_that_fit(tmp_path: Path, name: str, value: str) -> None:
    found = configured(tmp_path, "", {f"EDI_CHECK_ACK_{name.upper()}": value})
    assert found.get(name, "ack") == value


@pytest.mark.parametrize("time", ["9", "12:00", "12000", "1260", "１２００"])
def test_a_time_of_the_environment_has_four_digits(tmp_path: Path, time: str) -> None:
    with pytest.raises(ConfigurationError, match="EDI_CHECK_ACK_TIME: a time is expected, as 0930 or 1200"):
        configured(tmp_path, "", {"EDI_CHECK_ACK_TIME": time})


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such file"):
        load(str(tmp_path / "none.toml"), {})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load(str(tmp_path / "binary.toml"), {})
    with pytest.raises(ConfigurationError, match="can't be read"):
        load(str(tmp_path), {})


def test_every_setting_can_be_told() -> None:
    for section, keys in MODEL.items():
        for name, key in keys.items():
            assert key.says, f"[{section}] {name} has no sentence: say in edi_check/settings.py what it sets"
            assert name == name.lower() and "-" not in name
