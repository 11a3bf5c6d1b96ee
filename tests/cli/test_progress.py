"""Without a terminal: one line per stage, at most one per half minute."""

from tabml.cli.front import Front
from tabml.cli.progress import Lines, shown
from tabml.core.progress import Progress, silent


def test_one_line_per_stage_then_at_most_one_per_half_minute(capsys) -> None:
    now = [-2.0]
    report = Lines(clock=lambda: now[0])
    for seconds, stage, done in [
        (0, "read", 1),
        (1, "search", 1),
        (5, "search", 2),
        (32, "search", 3),
        (33, "search", 4),
    ]:
        now[0] = float(seconds)
        report(Progress(stage, done, 4, "best log loss 0.412" if stage == "search" else ""))
    assert capsys.readouterr().err.splitlines() == [
        "read 1/4",
        "search 1/4, best log loss 0.412",
        "search 3/4, best log loss 0.412",
    ]


def test_json_and_quiet_show_nothing() -> None:
    for front in (Front(as_json=True), Front(quiet=1)):
        with shown(front) as report:
            assert report is silent


def test_bars_move_on_a_terminal(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with shown(Front()) as report:
        assert not isinstance(report, Lines)
        report(Progress("search", 3, 7, "best [0.4]"))
    assert "search" in capsys.readouterr().err


def test_no_colour_and_dumb_terminals_get_lines(monkeypatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert not Front().animated
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Front().animated


def test_what_goes_wrong_at_once_is_told_without_a_progress_line(capsys) -> None:
    now = [0.0]
    report = Lines(clock=lambda: now[0])
    report(Progress("read", 0, 1))
    now[0] = 1.9
    report(Progress("read", 1, 1, "3 files"))
    assert capsys.readouterr().err == ""
    now[0] = 2.5
    report(Progress("harmonise", 1, 1, "299 patients"))
    assert capsys.readouterr().err == "harmonise, 299 patients\n"
