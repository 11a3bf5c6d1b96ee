"""Letters beyond ASCII by language, the frequent first, and how usual a Chinese, Japanese or Korean sign is."""

from __future__ import annotations

import math
from collections.abc import Callable

#: Scripts -> languages -> letters by falling frequency. Latin: nb, da, sv, fi, de, fr, es, pt, it, nl, is;
#: pl, cs, sk, hu, hr and sl, ro, tr. Cyrillic: ru, uk. Greek.
ALPHABETS: tuple[tuple[str, ...], ...] = (
    (
        "åøæéöüäóèôê", "øåæéöüäó", "äåöéüø", "äöåéšž", "üäößéèàáóç", "éèàêçôâîùûïëœüæ", "óíáéñúüçªº", "ãçáéóíêõâúàôüªº",
        "àèùòìéî", "ëéïèöüê", "íáðóöæúéþý",
        "łęąóżśćńźé", "íáéěřšýčžůúťňďóöü", "áíéčýžšúťľôňďäóĺŕ", "áéöóőüíúű", "čšžćđ", "ăâîșțşţ", "ışüçöğâîû",
    ),
    ("оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёъ", "оаиніервтсклудмпязьгбчйхцюшжєїфщґэ"),
    ("αοιετσνηυρπκμλςίόάέωγήδθχφύώβξζψϊΐϋΰ",),
)  # fmt: skip
#: Signs that stand in clinical tables in any language.
SIGNS = frozenset("°µ²³±·×÷§«»–—’‘“”„…€£½¼¾\u00a0®©™‰≤≥¿¡†‡•№¹")

CHINESE = frozenset(
    "的一是不了在人有他这为大来以个中上们到说国和地也子时道出而要于就下得可年生自会后能对事其里所去行过家十用发天如然作方"
    "成者多日都三小二无同经法当起与好学进种将分此心前面又定见只主没公从性别龄男女患编号姓名期住院诊断血压糖高低值检查结果身"
    "重体病史吸烟酒手术治疗药物随访死亡否正常左右肺肝肾脏脑科医师护士室细胞数量总胆固醇清白蛋酸尿素氮肌酐钾钠钙入出组月周岁"
    "份间位置类型程度级期阳阴症状疼痛运动静息心率电图指标备注是否未知吗及或無為國時來個們會後對過發經學進種將見沒從別齡編號"
    "診斷壓糖檢查結體術療藥隨訪腦醫師護總膽醇試驗標備註週歲類級陽陰狀動靜電圖記錄資料"
)
KOREAN = frozenset(
    "이다는의가을에고하지한은를로나도사기서대아리있자정수시인어제일부보소해그여장전주상원성공구비과만명동신마연환별남년월생"
    "무진단혈압당고저값검결체중병력흡음치료약추적망상좌우간심뇌과의호실세포총백단소질크아틴칼륨슘입퇴통증운률율도표번등록날짜없"
    "음안모름여키몸게성령나이세개"
)
_CJK_SIGN = math.log(0.02)
_COMMON = math.log(0.6 / 300)
_KNOWN = math.log(0.35 / 3700)
_RARE = math.log(0.02 / 3000)
_ODD = math.log(1e-7)


def rank_weights(letters: str) -> dict[str, float]:
    """Weights of letters by rank, in sum 1: the second is half as frequent as the first, and so on.

    >>> {c: round(w, 2) for c, w in rank_weights("øåæ").items()}
    {'ø': 0.55, 'å': 0.27, 'æ': 0.18}
    """
    total = sum(1 / rank for rank in range(1, len(letters) + 1))
    return {letter: 1 / rank / total for rank, letter in enumerate(letters, start=1)}


def _by_lead(encoding: str, first: int, last: int, common: frozenset[str]) -> Callable[[str], float]:
    """Log-weight of a sign by its list (`common`) or the row in which the national standard puts it."""

    def weight(char: str) -> float:
        if char in common:
            return _COMMON
        if "\u3000" <= char <= "\u303f" or "\uff01" <= char <= "\uff5e" or char in SIGNS:
            return _CJK_SIGN
        if "\u3041" <= char <= "\u30ff":
            return math.log(0.8 / 170) if encoding in ("euc_jp", "shift_jis") else _RARE
        try:
            lead = char.encode(encoding)
        except UnicodeEncodeError:
            return _ODD
        if len(lead) != 2:  # half-width kana, which hardly any export uses
            return math.log(1e-3)
        return _KNOWN if first <= lead[0] <= last else _RARE

    return weight


_JAPANESE = _by_lead("euc_jp", 0xB0, 0xCF, frozenset("年齢性別男女患者番号氏名日月生検査値血圧入院診断病歴治療有無"))
#: Encodings of two bytes a sign -> the log-weight of a sign read in them.
MULTIBYTE: dict[str, Callable[[str], float]] = {
    "gb18030": _by_lead("gb2312", 0xB0, 0xD7, CHINESE),
    "big5": _by_lead("big5", 0xA4, 0xC6, CHINESE),
    "cp932": _JAPANESE,
    "euc_jp": _JAPANESE,
    "cp949": _by_lead("euc_kr", 0xB0, 0xC8, KOREAN),
}
