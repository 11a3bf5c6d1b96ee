"""What columns are called: words for the roles of a study in eight languages, compared without case or signs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from tabml.core.demographics import AGE_WORDS
from tabml.core.demographics import SEX_WORDS as SEX_NAMES
from tabml.ingest.units import split_unit
from tabml.ingest.values import fold


def name_key(header: str) -> str:
    """A header as it is compared with the words: last part, no unit, letters and digits only.

    >>> name_key("Patient / Pat-ID"), name_key("subject#"), name_key("Age (years)"), name_key("deathEvent")
    ('pat id', 'subject', 'age', 'death event')
    """
    leaf = split_unit(header.rsplit(" / ", 1)[-1])[0]
    spaced = re.sub(r"(?<=[a-zæøåäöüß])(?=[A-ZÆØÅÄÖÜ])", " ", leaf)
    return " ".join(re.findall(r"[^\W_]+", fold(spaced)))


def _words(text: str) -> frozenset[str]:
    return frozenset(" ".join(re.findall(r"[^\W_]+", fold(w))) for w in text.split(","))


#: Three tiers: names that can only be a patient's id, those of a record or study, and names that are one when nothing better is there.
PATIENT_ID = (
    _words(
        "patient id, patientid, patid, pat id, pid, patient, patient no, patient nr, patient number, patnr, pat nr, mrn,"
        "subject, subject id, subjectid, subj, subj id, participant, participant id, person id, usubjid,"
        "pasient, pasientid, pasient id, pasientnr, pasientnummer, patientnr, patientnummer, patienten id,"
        "patientennummer, patienten nr, patientennr, fallnr, fall nr, fallnummer, fallzahl, potilas, potilas id,"
        "potilasnumero, paciente, id paciente, paciente id, numero de paciente, número de paciente, nº de paciente, nhc,"
        "historia clínica, nº historia, nº de historia, nº historia clínica, nº de historia clínica, núm historia,"
        "número de historia, número de historia clínica, numero de historia, numero de historia clinica, nuhsa,"
        "id patient, patient numéro, numéro patient, numéro de patient, n° patient, no patient, ipp, nip,"
        "numéro de dossier, n° dossier, no dossier, cip, aktenzeichen, codice paziente, id paziente, codice fiscale, numero cartella, nosografico,"
        "numer historii, numer pacjenta, nr pacjenta, id pacjenta, pesel, patiëntnummer, patientnummer, patiënt id, hasta no, hasta numarası,"
        "protokol no, número do processo, processo clínico, id do paciente, номер пациента, номер истории болезни, id пациента,"
        "病人编号, 患者编号, 患者id, 病历号, 住院号, 患者番号, 病歴番号, カルテ番号, 환자번호, 등록번호"
    ),
    _words(  # numbers of a record or a study: the id where no column is called the patient's own
        "hospital no, hospital nr, hospital number, record no, record nr, record number, record id, chart no, chart number, file no, file number,"
        "study no, study nr, study number, study id, studyid, case no, case nr, case number, case id, unit no, unit number, journal no,"
        "journalnr, journal nr, journalnummer, sykehusnr, sykehusnummer, studienr, studienummer, studien nr, studiennummer, löpnummer, løpenr,"
        "tutkimusnumero, tapausnumero, número de estudio, nº de estudio, numéro d'étude, n° étude, screening no, screening number"
    ),
    _words(
        "id, case, caseid, record, recordid, løpenummer,"
        "lopenr, lopenummer, løbenummer, löpnr, löpnummer, nummer, nr, no, number, numero, número, nº, expediente, nº expediente, número de expediente, registro, nº registro, tunniste,"
        "dossier, identifiant, numéro, 编号, key"
    ),
)
#: Names of a column that only numbers the rows.
ROW_NUMBER = _words("rownames, row names, row, index, unnamed 0, x, rad, rad nr, zeile, fila, rownum, row number, obs")
CENTRE = _words(
    "centre, center, site, hospital, clinic, institution, centre id, center id, site id, hospital id, centre name,"
    "sykehus, klinikk, senter, sjukhus, klinik, center namn, hospital navn, krankenhaus, zentrum, prüfzentrum, spital,"
    "sairaala, keskus, centro, clínica, clinica, institución, hôpital, établissement, ospedale, istituto, szpital, ośrodek, ziekenhuis, centrum,"
    "hastane, merkez, больница, центр, 中心, 医院, 病院, 施設, 병원"
)
AGE = _words(",".join(AGE_WORDS)) | _words("age years, age at diagnosis, age at baseline, patient age")
SEX = _words(",".join(SEX_NAMES)) | _words("male, female")
DATE = _words(
    "date, visit date, exam date, examination date, index date, admission date, date of admission, inclusion date,"
    "enrolment date, baseline date, date of visit, dato, undersøkelsesdato, innleggelsesdato, besøksdato, datum,"
    "besöksdatum, untersuchungsdatum, aufnahmedatum, päivämäärä, fecha, fecha de ingreso, fecha de visita,"
    "date de visite, date de la visite, date d inclusion, date d entrée, date d admission, 日期, 就诊日期"
)
TIME = _words(
    "time, follow up, followup, follow up time, followup time, fu time, futime, time to event, survival time, survival,"
    "os, pfs, dfs, rfs, efs, ttr, ttp, os time, os months, os days, os years, overall survival, dfs time, pfs time, rfs time, rfstime, dtime, rtime, time days,"
    "time months, time years, days to event, days to death, observation time, tid, oppfølging, oppfølgingstid, overlevelse,"
    "overlevelsestid, uppföljning, uppföljningstid, överlevnad, överlevnadstid, opfølgning, opfølgningstid,"
    "nachbeobachtung, nachbeobachtungszeit, überlebenszeit, beobachtungszeit, zeit, seuranta, seuranta aika, elinaika,"
    "tiempo, seguimiento, tiempo de seguimiento, supervivencia,"
    "suivi, durée de suivi, temps de suivi, survie, temps de survie, délai, 随访时间, 生存时间"
)
EVENT = _words(
    "event, status, death event, event death, vital status, os status, os event, dfs status, dfs event, pfs status, pfs event,"
    "rfs status, rfs event, fustat, death, dead, died, deceased, censor, censored, censoring, recur, recurrence, relapse,"
    "progression, hendelse, død, dødsfall, händelse, död, hændelse, ereignis, tod, verstorben, tapahtuma, kuollut, evento,"
    "muerte, fallecido, fallecimiento, éxitus, exitus, événement, décès, décédé, statut vital, decesso, deceduto, zgon, overleden,"
    "overlijden, óbito, ölüm, смерть, úmrtí, smrt, halál, 事件, 死亡, 结局, 사망"
)
#: Names that can only be the outcome, and words in a name that make it a candidate.
OUTCOME = (
    _words(
        "outcome, target, label, class, y, response, endpoint, primary endpoint, primary outcome, category, diagnosis,"
        "disease, utfall, endepunkt, diagnose, klasse, utfallsmått, zielgröße, endpunkt, ergebnis, lopputulos, diagnoosi,"
        "resultado, desenlace, diagnóstico, diagnostico, issue, critère, critère principal, critère de jugement, diagnostic,"
        "maladie, 结果, 诊断"
    ),
    _words(
        "outcome, target, death, dead, died, deceased, mortality, event, relapse, recurrence, recur, progression, disease,"
        "diagnosis, survived, alive, readmission, readmitted, complication, remission, død, dødelighet, tilbakefall, sykdom,"
        "diagnose, utfall, död, återfall, sjukdom, dødelighed, sygdom, tod, verstorben, rezidiv, rückfall, krankheit, kuollut,"
        "kuolema, uusiutuma, sairaus, muerte, fallecido, exitus, éxitus, recaída, recidiva, enfermedad,"
        "décès, décédé, mortalité, rechute, récidive, maladie, guérison, événement, decesso, deceduto, mortalità, recidiva, zgon, śmiertelność,"
        "nawrót, overleden, overlijden, recidief, óbito, mortalidade, recidiva, ölüm, nüks, смерть, умер, рецидив, úmrtí, smrt, recidiva, halál,"
        "死亡, 复发, 疾病, 再発, 사망, 재발"
    ),
)
#: Words that tell what happened after the index date: no predictor unless it is kept by name (TB141).
AFTERWARDS = _words(
    "death, dead, died, deceased, mortality, relapse, recurrence, recur, progression, discharge, discharged, autopsy,"
    "survived, survival, readmission, readmitted, followup, futime, rtime, dtime, død, dødsfall, tilbakefall, utskrevet, utskrivning,"
    "obduksjon, död, återfall, utskriven, udskrevet, tod, verstorben, rezidiv, rückfall, entlassung, obduktion, kuollut, kuolema,"
    "muerte, fallecido, exitus, éxitus, recidiva, recaída, alta, autopsia, décès, décédé, rechute, récidive, sortie, autopsie,"
    "decesso, deceduto, dimissione, zgon, nawrót, wypis, overleden, overlijden, recidief, ontslag, óbito, ölüm, nüks, taburcu, смерть, умер,"
    "рецидив, выписка, úmrtí, smrt, halál, 死亡, 复发, 出院, 退院, 再発, 사망, 재발, 퇴원"
)
#: Concept -> its commonest names in languages the list of concepts does not speak: it, pt, nl, pl, tr, ru, ja, ko.
OTHER_NAMES: Mapping[str, frozenset[str]] = {
    "age": AGE,
    "sex": SEX,
    "patient_id": PATIENT_ID[0] | PATIENT_ID[1],
    "death": _words(
        "decesso, deceduto, morte, óbito, morto, overleden, overlijden, zgon, zmarł, ölüm, смерть, умер, 死亡, 사망"
    ),
    "smoking": _words(
        "fumatore, fumo, tabagista, fumante, roker, roken, rookt, palacz, palenie, sigara, sigara kullanımı, курение, курит, 喫煙, 흡연"
    ),
    "diabetes": _words(
        "diabete, diabete mellito, diabetes, cukrzyca, diyabet, диабет, сахарный диабет, 糖尿病, 당뇨병, 당뇨"
    ),
    "hypertension": _words(
        "ipertensione, hipertensão, hypertensie, nadciśnienie, hipertansiyon, гипертония, 高血圧, 고혈압"
    ),
    "weight": _words("peso, gewicht, masa ciała, waga, kilo, вес, 体重, 체중"),
    "height": _words("altezza, statura, altura, lengte, wzrost, boy, рост, 身長, 신장"),
    "bmi": _words("imc, bki, vki, имт, indeks masy ciała"),
    "sbp": _words(
        "pa systolique, pas, pressione sistolica, pressão sistólica, bovendruk, ciśnienie skurczowe, sistolik, 収縮期血圧"
    ),
    "dbp": _words(
        "pa diastolique, pad, pressione diastolica, pressão diastólica, onderdruk, ciśnienie rozkurczowe, diyastolik, 拡張期血圧"
    ),
    "creatinine": _words("creatinina, creatinine, kreatynina, kreatinin, креатинин, クレアチニン, 크레아티닌"),
    "haemoglobin": _words("emoglobina, hemoglobina, hemoglobine, hemoglobin, гемоглобин, ヘモグロビン, 혈색소"),
    "sodium": _words("sodio, sódio, natrium, sód, sodyum, натрий, ナトリウム, 나트륨"),
    "potassium": _words("potassio, potássio, kalium, potas, potasyum, калий, カリウム, 칼륨"),
    "albumin": _words("albumina, albumine, albümin, альбумин, アルブミン, 알부민"),
    "lactate": _words("lattato, lattati, lactato, lactaat, mleczany, laktat, лактат, 乳酸"),
}
#: Two-level words: text -> 1 or 0.
YES_NO: Mapping[str, str] = {
    **dict.fromkeys(("yes", "y", "true", "ja", "j", "sí", "si", "s", "oui", "kyllä", "k", "positive", "pos", "present", "是", "有", "+", "sì", "tak", "evet", "да", "так", "はい", "예", "sim", "ano", "igen", "áno"), "1"),
    **dict.fromkeys(("no", "n", "false", "nei", "nein", "nej", "non", "ei", "e", "negative", "neg", "absent", "否", "无", "nie", "hayır", "нет", "ні", "いいえ", "아니오", "não", "nao", "nee", "ne", "nem"), "0"),
}  # fmt: skip
_FEMALE = "f female w woman weiblich frau kvinne kvinna kvinde k nainen n mujer femenino femenina femme féminin 女 女性 femmina vrouw kobieta kadın ж жен женский женщина žena nő feminino 여 여성"
_MALE = "m male man mann männlich mand mies hombre masculino masculina varón homme masculin 男 男性 maschio mężczyzna erkek м муж мужской мужчина muž férfi 남 남성"
#: Words for the sexes in a column named sex. `k` and `n` stand for women in the Nordic languages only.
SEX_WORDS: Mapping[str, str] = {
    **dict.fromkeys(_FEMALE.split(), "female"), **dict.fromkeys(_MALE.split(), "male"),
}  # fmt: skip
_SPANISH = _words("sexo, género, genero")


def sex_words(key: str, folded: Iterable[str]) -> dict[str, str]:
    """Folded text -> female or male, where all texts of a column with this key are words for the sexes; else empty.

    Letters are read together: H beside F is French, beside M Spanish; V and M are read under a Spanish or Dutch header only.

    >>> sex_words("sexe", ["f", "h"]), sex_words("sexo", ["h", "m"])
    ({'f': 'female', 'h': 'male'}, {'h': 'male', 'm': 'female'})
    """
    texts = frozenset(folded)
    if texts == {"v", "m"}:
        dutch, spanish = {"v": "female", "m": "male"}, {"v": "male", "m": "female"}
        return dutch if key == "geslacht" else spanish if key in _SPANISH else {}
    known = {**SEX_WORDS, **_LETTERS.get(texts, {})}
    return {t: known[t] for t in sorted(texts)} if texts <= set(known) else {}


#: Letters that mean a sex only beside each other.
_LETTERS: Mapping[frozenset[str], Mapping[str, str]] = {
    frozenset("fh"): {"h": "male"}, frozenset("hm"): {"h": "male", "m": "female"}, frozenset("ek"): {"e": "male", "k": "female"},
    frozenset("nf"): {"n": "female", "f": "male"},
}  # fmt: skip
#: Parts of a date of birth that stand in columns of their own.
DATE_PARTS = frozenset(["day", "month", "dag", "måned", "månad", "tag", "monat", "päivä", "kuukausi", "día", "mes"])
#: Numbers that say "missing" where all other values are zero or more.
NEGATIVE_SENTINELS = (-1.0, -9.0, -99.0, -999.0, -9999.0)
