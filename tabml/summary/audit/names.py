"""Column names that tell the outcome, in the languages tabml reads: what TB141, TB135 and TB144 listen for."""

from __future__ import annotations

import re
import unicodedata

#: Words that, anywhere in a name, say that the column was written after the outcome.
OUTCOME_WORDS = frozenset(
    {
        *("death", "dead", "died", "deceased", "mortality", "autopsy", "exitus", "relapse", "relapsed", "recurrence"),
        *(
            "recurred",
            "discharge",
            "discharged",
            "tod",
            "verstorben",
            "gestorben",
            "rezidiv",
            "entlassung",
            "obduktion",
        ),
        *(
            "død",
            "dødsfall",
            "dod",
            "tilbakefall",
            "residiv",
            "utskrivning",
            "utskrevet",
            "obduksjon",
            "död",
            "avliden",
        ),
        *(
            "återfall",
            "recidiv",
            "utskrivning",
            "kuolema",
            "kuollut",
            "uusiutuminen",
            "kotiutus",
            "muerte",
            "fallecido",
        ),
        *("recaída", "recidiva", "alta", "décès", "décédé", "récidive", "rechute", "sortie", "死亡", "复发", "出院"),
    }
)
#: Names that are follow-up time and nothing else.
TIME_NAMES = frozenset(
    {
        *("time", "futime", "fu", "follow up", "followup", "survival", "os", "pfs", "dfs", "rfs", "efs", "time days"),
        *("days", "months", "tid", "oppfølging", "oppfølgingstid", "uppföljning", "opfølgning", "zeit", "beobachtung"),
        *("nachbeobachtung", "beobachtungszeit", "überlebenszeit", "overlevelse", "överlevnad", "seuranta"),
        *("seuranta aika", "tiempo", "seguimiento", "suivi", "durée de suivi", "随访时间", "生存时间"),
    }
)
TIME_PATTERN = re.compile(
    r"\b(follow up|followup|time to (event|death|relapse|recurrence|progression|discharge|censoring)"
    r"|days to (event|death|relapse|recurrence|progression|discharge)"
    r"|(os|pfs|dfs|rfs|efs|survival|follow up|fu) ?(time|days|months|years|d|m|y|mo)"
    r"|(survival|event|rfs|fu|obs|observation) ?time|überlebens\w*|overlevelses\w*|nachbeobachtungs\w*)\b"
)
#: Time in hospital is known at discharge, when the outcome is.
STAY = re.compile(
    r"\b(length of stay|hospital stay|days in hospital|los|liegedauer|verweildauer|liggetid|liggedøgn|vårdtid|hoitoaika"
    r"|estancia|durée de séjour)\b|住院天数"
)
#: Words that turn a telling name into history: known before the outcome.
HISTORY = re.compile(
    r"\b(prior|previous\w*|history|hx|family|familial|past|earlier|before|anamnes\w*|vorherig\w*|früher\w*|tidligere"
    r"|tidigare|familie\w*|familj\w*|suku\w*|previo|antecedentes?|antécédents?|risk|score)\b"
)
ID_NAME = re.compile(r"(^|\b)(id|mrn|nr|no|index|row|patient|subject|case|pid|record)( ?(id|nr|no|number|nummer|#))?$")


def words(name: str) -> str:
    """A name as lower-case words: `OS_months` -> `os months`, `followUpTime` -> `follow up time`."""
    text = unicodedata.normalize("NFC", name)
    text = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", text).casefold()
    return re.sub(r"[^\w#]+|_+", " ", text).strip()


def tells_outcome(*names: str) -> str | None:
    """The word by which one of these names gives the outcome away, or None; history words excuse it.

    >>> tells_outcome("death_date"), tells_outcome("TIME"), tells_outcome("prior_relapse"), tells_outcome("age")
    ('death', 'follow-up time', None, None)
    """
    for name in names:
        said = words(name)
        if not said or HISTORY.search(said):
            continue
        if said in TIME_NAMES or TIME_PATTERN.search(said):
            return "follow-up time"
        if STAY.search(said):
            return "length of stay"
        found = [w for w in said.split() if w in OUTCOME_WORDS]
        if found:
            return found[0]
    return None


def looks_like_id(name: str) -> bool:
    """Whether a name is that of a row number or identifier.

    >>> looks_like_id("patient_id"), looks_like_id("#1"), looks_like_id("lipids")
    (True, True, False)
    """
    return bool(ID_NAME.search(words(name))) or bool(re.fullmatch(r"#\d+|unnamed \d+", words(name)))


def shares_a_word(name: str, other: str) -> bool:
    """Whether two names share a telling word of four letters or more: `motor_UPDRS` and `total_UPDRS`."""
    common = {w for w in words(name).split() if len(w) >= 4} & {w for w in words(other).split() if len(w) >= 4}
    return bool(common)
