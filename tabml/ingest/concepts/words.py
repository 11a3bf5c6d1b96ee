"""Words of headers that are no part of a concept's name: fillers, points in time, and words that change the meaning."""

from __future__ import annotations

from tabml.ingest.concepts.folding import words_of


def _set(text: str) -> frozenset[str]:
    return frozenset("".join(words_of(word)) for word in text.split())


#: Words that may go without a change of meaning.
FILLERS = _set(
    "value values val level levels result results measured measurement patient patients patient's pasient pasientens patientens "
    "paciente potilaan potilas subject the of in at on for to and a an is der die das des dem den von vom im am bei zur zum und "
    "i på av ved vid hos för til till og och med de del la el los las en y con para et du le da do al "
    "serum plasma seerumi suero plasmatico plasmatica serico serica venös venous  verdi verdier värde värden værdi wert "
    "werte arvo pitoisuus taso valor valores nivel niveles concentration concentracion konzentration konsentrasjon koncentration "
    "niva niveau lab labor laboratorium labb test current aktuell aktuelt aktuellt nykyinen actual beregnet berechnet beräknad "
    "beräknat calculated calc laskettu calculado sist siste senaste seneste latest score skår skåre poäng poeng punkte pisteet "
    "yn jn puntuacion puntos points pts subjektets  clinical klinisk klinisch"
)  # fmt: skip
#: Words that go only when nothing else helps.
WEAK_FILLERS = _set(
    "total totalt gesamt yhteensä blood blut blod blodets veri veren sangre sanguineo sanguinea en_sangre "
    "number nr n antall antal anzahl lukumäärä numero count resting rest hvile vila ruhe lepo reposo data info var "
    "variable result klinikk recorded registrert reported known kjent bekannt self"
)
#: Endings and beginnings of compound words that may go: `Kreatininwert`, `serumkreatinin`.
ENDINGS = (
    "wert", "werte", "spiegel", "konzentration", "verdi", "niva", "varde", "vaerdi", "niveau", "koncentration", "konsentrasjon",
    "arvo", "pitoisuus", "taso", "value", "level", "score", "maling", "matning", "skar", "poang", "test", "bruk", "brug", "forbruk",
)  # fmt: skip
BEGINNINGS = (
    "serum",
    "plasma",
    "seerumin",
    "seerumi",
    "plasman",
    "blod",
    "blut",
    "veren",
    "basal",
    "baseline",
    "hs",
    "ven",
    "art",
)
#: Specimen letters in front of an analyte: serum, plasma, blood, fasting, venous, arterial, capillary, patient.
SPECIMENS = frozenset(
    [
        "s",
        "p",
        "b",
        "fp",
        "fs",
        "fb",
        "vb",
        "ab",
        "cb",
        "vp",
        "vs",
        "lb",
        "e",
        "ec",
        "ery",
        "erc",
        "pt",
        "lkc",
        "zb",
        "pfs",
    ]
)
#: Specimen letters that make another concept of it.
OTHER_SPECIMENS = {"u": "urine", "du": "urine", "tu": "urine", "cu": "urine", "csf": "csf", "sp": "csf", "csv": "csf", "li": "csf", "likvor": "csf"}  # fmt: skip
#: A letter or word before or after a number that says when.
TIME_UNITS = _set(
    "v visit visite visita besok besök besøg kontroll kontrolle käynti t tp timepoint w wk week weeks uke uker vecka veckor uge uger "
    "woche wochen viikko viikkoa vko semana semanas m mo mth month months mnd måned måneder månad månader monat monate kk kuukausi mes "
    "meses d day days dag dager dagar dage tag tage vrk päivä pv dia dias y yr year years år jahr jahre vuosi vuotta año años h hr "
    "hrs hour hours time timer std stunde stunden tunti tuntia hora horas timme timmar fu followup wave epoch episode"
)
BASELINE = _set(
    "baseline bl base inclusion inklusjon inklusion inkludering enrolment enrollment admission adm innkomst innleggelse inkomst "
    "inskrivning indlæggelse aufnahme tulo osastolletulo ingreso preop präop preoperativ preoperative preoperativt präoperativ "
    "preoperatorio preoperatoria basal lähtötilanne lähtötaso ausgangswert utgangspunkt initial initially initiell inicial start "
    "screening  entry pre baselinje preoperatiivinen at_admission"
)
LATER = _set(
    "discharge utskrivelse utskrivning utskrivningen udskrivelse entlassung kotiutus alta followup fu oppfølging uppföljning opfølgning "
    "verlauf nachsorge seuranta seguimiento post postop postoperativ postoperative postoperativt postoperatorio end slutt slut ende "
    "final eot eos exit"
)
#: `at diagnosis`, `ved operasjon`, `bei Geburt`: said of a value, and no part of its name.
AT = _set("at v vid ved bei al en ad under before after for før efter nach vor pre upon")
MOMENTS = _set(
    "diagnosis dx diagnose diagnos diagnosen diagnóstico op operasjon operation operasjonen surgery cirugía geburt birth fødsel födelse "
    "nacer innkomst inkomst ankomst arrival presentation randomisation randomization enrolment recruitment treatment debut"
)
MOMENT_WORDS = _set(
    "leikkaushetkellä diagnoosihetkellä toteamishetkellä sisäänkirjautuessa tullessa atdx innkomst inkomst"
)
#: What is said in Chinese without spaces between it.
CJK_FILLERS = (
    "血清",
    "血浆",
    "全血",
    "静脉血",
    "检测",
    "测定",
    "定量",
    "结果",
    "水平",
    "浓度",
    "数值",
    "值",
    "患者",
    "病人",
    "的",
    "评分",
    "实验室",
    "首次",
    "计数",
)
CJK_BASELINE = ("基线", "入院时", "入院", "术前", "治疗前", "初始", "入组")
CJK_LATER = ("术后", "随访", "出院时", "出院", "治疗后", "末次")

#: Words that make another variable of a name, by what they do. A trailing * marks a stem.
_QUALIFIERS: dict[str, str] = {
    "family": "family familial familie* famili* slekt* slægt* hereditet* heredity arvelig ärftlighet suku* suvussa perhe* familiar familiares relative relatives first_degree",
    "relation": "mother mothers mor mors moder mutter äiti äidin madre maternal father fathers far fars vater isä isän padre paternal spouse partner donor donors donator spender luovuttaja donante sibling husband wife",
    "history": "former ex history hx prior previous earlier past tidligere tidigare anamnese anamnes anamnesis vorgeschichte frühere früher aiempi aiemmat antecedente antecedentes previo previa historia prev ever",
    "change": "delta change diff difference endring ändring förändring ændring änderung veränderung differenz muutos cambio diferencia slope* increase decrease fall rise trend variability",
    "ratio": "ratio kvot kvote quotient verhältnis suhde cociente relacion forhold index indeks indice indeksi fraction prosentandel",
    "maximum": "max maximum maximal maks maksimal maxim* peak høyeste högsta højeste höchster höchste korkein maximo maxima worst nadir min minimum minimal laveste lägsta lavest* niedrigste matalin minimo minima lowest highest mean average avg median gjennomsnitt medel* mittel* keskiarvo media promedio sd std_dev stdev cv iqr sum",
    "date": "date dato datum datoen päivämäärä pvm pv fecha dt dat tidspunkt zeitpunkt",
    "duration": "duration varighet varighed duraktion dauer kesto duracion since siden sedan seit days_since time_since years_since",
    "age": "age alder ålder alter ikä edad",
    "dose": "dose dosis dosering dos dosage dosierung annos dosis_mg mg_per_day",
    "about": "unit units enhet einheit yksikkö unidad comment comments kommentar kommentarer bemerkung* anmerkung* merknad* huomautus comentario* reason grunn årsak grund syy motivo method metode metod methode menetelmä metodo code kode kod koodi codigo flag limit reference referanse referens referenz viite normal abnormal source device text note notes  location other annet annat andet andere muu otro otra specify date_unknown missing name",
    "negation": "no not non uten utan uden ohne kein keine keinen ingen inga ilman sin without absence never free negative ikke inte icke ej nicht ei",
    "side": "left right venstre høyre vänster höger højre links rechts vasen oikea izquierdo izquierda derecho derecha bilateral",
    "threshold": "gt lt",
    "treatment": "treatment treated therapy behandling behandlet therapie behandlung hoito tratamiento medication medisin medicin medikament* lääkitys",
    "urine": "urine urin harn virtsa orina urinary",
    "csf": "csf likvor liquor lcr spinal cerebrospinal ryggmargsvæske likvori",
}  # fmt: skip
CJK_QUALIFIERS: dict[str, tuple[str, ...]] = {
    "family": ("家族", "家系"),
    "relation": ("母亲", "父亲", "配偶", "供者", "供体"),
    "history": ("既往", "病史"),
    "change": ("变化", "差值", "下降", "升高", "改变"),
    "ratio": ("比值", "比率", "指数"),
    "maximum": ("最大", "最高", "最低", "最小", "峰值", "平均", "谷值"),
    "date": ("日期", "时间点", "年月日"),
    "duration": ("病程", "持续时间", "时长"),
    "age": ("年龄",),
    "dose": ("剂量",),
    "about": ("单位", "备注", "方法", "原因", "代码", "参考"),
    "negation": ("无", "非", "未"),
    "side": ("左侧", "右侧", "双侧"),
    "treatment": ("治疗", "用药"),
    "urine": ("尿",),
    "csf": ("脑脊液",),
}
_EXACT = {word: name for name, words in _QUALIFIERS.items() for word in _set(words) if "*" not in word}
_EXACT |= {w.replace("*", ""): n for n, ws in _QUALIFIERS.items() for w in ws.split() if "*" in w}
_STEMS = tuple(
    ("".join(words_of(word)), name) for name, words in _QUALIFIERS.items() for word in words.split() if "*" in word
)


def qualifiers_in(words: tuple[str, ...]) -> frozenset[str]:
    """What words of a name change its meaning.

    >>> sorted(qualifiers_in(("family", "history", "diabetes"))), sorted(qualifiers_in(("母亲年龄",)))
    (['family', 'history'], ['age', 'relation'])
    """
    found = {_EXACT[word] for word in words if word in _EXACT}
    found |= {name for word in words for stem, name in _STEMS if word.startswith(stem)}
    for word in words:
        if "\u3400" <= word[0] <= "\u9fff":
            found |= {name for name, signs in CJK_QUALIFIERS.items() if any(sign in word for sign in signs)}
    return frozenset(found)
