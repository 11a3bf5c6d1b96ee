"""Words for levels that many variables share, in eight languages: what they say is the group's first word."""

from __future__ import annotations

from collections.abc import Mapping

from tabml.ingest.values import fold

_GROUPS = (
    "normal|normalt|normale|normaler|normalbefund|unauffällig|normaali|正常|wnl|negative finding",
    "abnormal|unormal|unormalt|abnorm|onormal|onormalt|auffällig|pathologisch|patologisk|patologinen|anormal|patológico|异常",
    "none|ingen|inga|kein|keine|keiner|ei mitään|ei lainkaan|ninguno|ninguna|无|aucun|aucune",
    "mild|lett|let|lätt|leicht|lievä|leve|轻度|slight|léger|légère",
    "moderate|moderat|måttlig|mäßig|mässig|mittel|mittelgradig|kohtalainen|moderado|moderada|中度|medium|modéré|modérée",
    "severe|alvorlig|svær|svår|schwer|hochgradig|vaikea|grave|severo|severa|重度|uttalt|sévère",
    "low|lav|låg|niedrig|gering|matala|bajo|baja|低|bas|basse",
    "high|høy|høj|hög|hoch|korkea|alto|alta|高|élevé|élevée",
    "left|venstre|vänster|links|linke|vasen|izquierdo|izquierda|左|gauche|l",
    "right|høyre|højre|höger|rechts|rechte|oikea|derecho|derecha|右|droite|r",
    "both|bilateral|begge|båda|beide|beidseits|molemmat|ambos|双侧",
    "up|rising|upsloping|ascending|stigende|oppadgående|stigande|uppåtgående|aufsteigend|ansteigend|auf|nouseva|ascendente|上升|ascendant",
    "flat|level|horizontal|horizontalt|flatt|vannrett|plan|flad|vågrät|waagerecht|flach|tasainen|vaakasuora|plano|plana|水平|plat",
    "down|falling|downsloping|descending|synkende|nedadgående|fallande|sjunkande|faldende|abfallend|absteigend|ab|laskeva|descendente|下降|descendant",
    "never|never smoker|aldri|aldrig|nie|niemals|nieraucher|ei koskaan|nunca|从不|jamais|non-smoker|ikke-røyker|never smoked",
    "former|previous|ex|ex-smoker|former smoker|past|tidligere|tidigare|ehemals|ehemalig|früher|exraucher|entinen|aiemmin|exfumador|anterior|既往|ancien",
    "current|active|smoker|current smoker|nåværende|nuvarande|nuværende|aktuell|aktiv|raucher|nykyinen|actual|fumador|røyker|rökare|ryger|tupakoi|目前|actuel",
    "fixed|fixed defect|fast|fast defekt|fixert|fixiert|fix|kiinteä|fijo|defecto fijo|固定|fixe",
    "reversible|reversible defect|reversibel|reversibel defekt|palautuva|defecto reversible|可逆",
    "benign|godartet|godartad|benigne|benigno|benigna|gutartig|hyvänlaatuinen|良性|bénin",
    "malignant|ondartet|elakartad|malign|malignt|bösartig|maligno|maligna|pahanlaatuinen|恶性",
    "alive|levende|i live|lever|vid liv|lebend|lebt|elossa|vivo|viva|存活|生存|vivant",
    "dead|died|deceased|død|avdød|döde|död|avliden|tot|verstorben|gestorben|kuollut|muerto|fallecido|死亡|décédé",
    "female|f|w|woman|weiblich|frau|kvinne|kvinna|kvinde|nainen|mujer|femenino|女|femme|féminin",
    "male|m|man|männlich|mann|mand|mies|hombre|masculino|varón|男|homme|masculin",
    "yes|y|ja|j|sí|si|oui|kyllä|是|true|present|positive|pos|positiv|positivo|vorhanden|阳性|有",
    "no|n|nei|nein|nej|non|ei|否|false|absent|negative|neg|negativ|negativo|阴性",
    "married|gift|verheiratet|naimisissa|casado|casada|已婚|marié",
    "single|unmarried|ugift|enslig|ogift|ledig|naimaton|soltero|soltera|未婚|célibataire",
    "divorced|skilt|skild|geschieden|eronnut|divorciado|离婚|divorcé",
    "widowed|enke|änka|verwitwet|leski|viudo|viuda|丧偶|veuf",
    "emergency|akutt|akut|notfall|päivystys|urgente|urgencia|急诊|urgence",
    "elective|planlagt|planerad|elektiv|geplant|suunniteltu|programado|electivo|择期|programmé",
    "complete response|complete|komplett|vollständig|täydellinen|completo|完全",
    "partial response|partial|delvis|partiell|teilweise|osittainen|parcial|部分",
    "stable|stabil|stable disease|vakaa|estable|稳定",
    "progressive|progressive disease|progress|progression|progredient|etenevä|progresivo|进展",
    "disease|diseased|sick|ill|sykdom|syk|krankheit|krank|erkrankung|sjukdom|sjuk|sygdom|syg|sairaus|sairas|enfermedad|enfermo|疾病|maladie|malade",
    "healthy|frisk|gesund|terve|sano|sana|健康|sain",
    "other|annet|annat|andet|andere|andre|sonstige|muu|otro|otros|其他|autre",
)  # fmt: skip
#: Folded word -> the group's first word.
GROUP: Mapping[str, str] = {
    fold(word): fold(group.partition("|")[0]) for group in reversed(_GROUPS) for word in group.split("|")
}
