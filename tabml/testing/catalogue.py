"""Invented exports are written from this list: variables of several diseases, what hospitals call them, how they spread.

One line a variable: `key | form | en | de | nb | es`, alternatives apart by `;`. Forms: `measure mean sd decimals units` (the
first unit is that of mean and sd, `normal` or `log` spread), `count rate top`, `yesno share`, `levels shares` with the words
of each level in the four languages.
"""

from __future__ import annotations

LANGUAGES = ("en", "de", "nb", "es")

MEASURES = """
age | normal 63 12 0 a | Age;Age at inclusion;Patient age;age_y | Alter;Lebensalter;Alter bei Aufnahme | Alder;Alder ved inklusjon;Pasientens alder | Edad;Edad al ingreso;Edad (años)
height | normal 171 9 0 cm,m | Height;Body height;Ht | Größe;Körpergröße;Groesse | Høyde;Kroppshøyde | Talla;Altura;Estatura
weight | normal 79 15 1 kg,[lb_av] | Weight;Body weight;Wt | Gewicht;Körpergewicht;KG | Vekt;Kroppsvekt | Peso;Peso corporal
bmi | normal 27 4.5 1 kg/m2 | BMI;Body mass index;Quetelet index | BMI;Körpermasseindex;Body-Mass-Index | KMI;BMI;Kroppsmasseindeks | IMC;Índice de masa corporal
waist | normal 96 13 0 cm | Waist circumference;Waist | Taillenumfang;Bauchumfang | Livvidde;Midjemål | Perímetro abdominal;Cintura
sbp | normal 134 19 0 mm[Hg],kPa | Systolic BP;SBP;Syst. blood pressure | RR syst.;Systolischer Blutdruck;Blutdruck systolisch | Systolisk BT;Systolisk blodtrykk;BT syst | PAS;Tensión sistólica;Presión arterial sistólica
dbp | normal 79 11 0 mm[Hg],kPa | Diastolic BP;DBP;Diast. blood pressure | RR diast.;Diastolischer Blutdruck;Blutdruck diastolisch | Diastolisk BT;Diastolisk blodtrykk;BT diast | PAD;Tensión diastólica;Presión arterial diastólica
heart_rate | normal 76 14 0 /min | Heart rate;Pulse;HR | Herzfrequenz;Puls;HF | Puls;Hjertefrekvens;HF | Frecuencia cardíaca;Pulso;FC
resp_rate | normal 17 3.5 0 /min | Respiratory rate;Resp rate;RR/min | Atemfrequenz;AF | Respirasjonsfrekvens;RF | Frecuencia respiratoria;FR
temperature | normal 36.9 0.6 1 Cel | Temperature;Body temp;Temp | Temperatur;Körpertemperatur | Temperatur;Kroppstemperatur | Temperatura;Temperatura corporal
spo2 | normal 95.5 2.5 0 % | SpO2;Oxygen saturation | SpO2;Sauerstoffsättigung | SpO2;Oksygenmetning | SatO2;Saturación de oxígeno
haemoglobin | normal 13.6 1.7 1 g/dL,g/L,mmol/L | Haemoglobin;Hb;Hgb | Hämoglobin;Hb | Hemoglobin;Hb;B-Hemoglobin | Hemoglobina;Hb
platelets | log 240 75 0 10*9/L | Platelets;Platelet count;PLT | Thrombozyten;Thrombos | Trombocytter;Blodplater;TPK | Plaquetas;Recuento de plaquetas
leukocytes | log 7.6 2.6 1 10*9/L | White cells;WBC;Leukocytes | Leukozyten;Leukos | Leukocytter;Hvite blodlegemer;LPK | Leucocitos;Glóbulos blancos
creatinine | log 86 30 0 umol/L,mg/dL | Creatinine;Serum creatinine;Crea | Kreatinin;S-Kreatinin;Krea | Kreatinin;P-Kreatinin;Krea | Creatinina;Creatinina sérica
egfr | normal 74 20 0 mL/min/{1.73_m2} | eGFR;Estimated GFR | eGFR;GFR geschätzt | eGFR;GFR estimert | FGe;Filtrado glomerular
urea | log 6.6 2.6 1 mmol/L,mg/dL | Urea;Serum urea | Harnstoff;Urea | Karbamid;Urea | Urea;Urea sérica
sodium | normal 139 3.2 0 mmol/L | Sodium;Na;Serum sodium | Natrium;Na | Natrium;Na;P-Natrium | Sodio;Na
potassium | normal 4.2 0.45 1 mmol/L | Potassium;K;Serum potassium | Kalium;K | Kalium;K;P-Kalium | Potasio;K
glucose | log 6.2 1.7 1 mmol/L,mg/dL | Glucose;Fasting glucose;Blood glucose | Glukose;Nüchternblutzucker;Blutzucker | Glukose;Fastende glukose;Blodsukker | Glucosa;Glucemia;Glucemia basal
hba1c | log 43 11 0 mmol/mol | HbA1c;Glycated haemoglobin | HbA1c;Glykohämoglobin | HbA1c;Langtidsblodsukker | HbA1c;Hemoglobina glicosilada
cholesterol | normal 5.2 1.1 1 mmol/L,mg/dL | Total cholesterol;Cholesterol;TC | Gesamtcholesterin;Cholesterin;Chol | Totalkolesterol;Kolesterol | Colesterol total;Colesterol
ldl | normal 3.1 0.95 1 mmol/L,mg/dL | LDL;LDL cholesterol;LDL-C | LDL;LDL-Cholesterin | LDL;LDL-kolesterol | LDL;Colesterol LDL
hdl | normal 1.35 0.38 2 mmol/L,mg/dL | HDL;HDL cholesterol;HDL-C | HDL;HDL-Cholesterin | HDL;HDL-kolesterol | HDL;Colesterol HDL
triglycerides | log 1.5 0.8 1 mmol/L,mg/dL | Triglycerides;TG;Trigs | Triglyzeride;Triglyceride;TG | Triglyserider;TG | Triglicéridos;TG
crp | log 9 18 0 mg/L,mg/dL | CRP;C-reactive protein | CRP;C-reaktives Protein | CRP;C-reaktivt protein | PCR;Proteína C reactiva
albumin | normal 39 5 0 g/L,g/dL | Albumin;Serum albumin;Alb | Albumin;Alb | Albumin;P-Albumin | Albúmina;Albúmina sérica
bilirubin | log 11 7 0 umol/L,mg/dL | Bilirubin;Total bilirubin | Bilirubin;Gesamtbilirubin | Bilirubin;Bilirubin total | Bilirrubina;Bilirrubina total
alt | log 29 19 0 U/L | ALT;ALAT;GPT | GPT;ALT;ALAT | ALAT;ALT | GPT;ALT;ALAT
ast | log 30 17 0 U/L | AST;ASAT;GOT | GOT;AST;ASAT | ASAT;AST | GOT;AST;ASAT
ggt | log 38 40 0 U/L | GGT;Gamma-GT | GGT;Gamma-GT;y-GT | GT;Gamma-GT | GGT;Gamma GT
alp | log 80 30 0 U/L | ALP;Alkaline phosphatase | AP;Alkalische Phosphatase | ALP;Alkalisk fosfatase | FA;Fosfatasa alcalina
ferritin | log 130 130 0 ug/L | Ferritin;Serum ferritin | Ferritin | Ferritin | Ferritina
tsh | log 1.9 1.2 2 m[iU]/L | TSH;Thyrotropin | TSH;TSH basal | TSH;Tyreotropin | TSH;Tirotropina
vitamin_d | log 55 24 0 nmol/L,ng/mL | Vitamin D;25-OH vitamin D | Vitamin D;25-OH-Vitamin D | Vitamin D;25-OH vitamin D | Vitamina D;25-OH vitamina D
ntprobnp | log 650 1500 0 ng/L | NT-proBNP;proBNP | NT-proBNP;proBNP | NT-proBNP;proBNP | NT-proBNP;proBNP
troponin | log 14 30 0 ng/L | Troponin T;hs-TnT | Troponin T;Troponin | Troponin T;TnT | Troponina;Troponina T
inr | log 1.15 0.35 1 1 | INR | INR | INR | INR
ef | normal 52 10 0 % | LVEF;Ejection fraction;EF | LVEF;Ejektionsfraktion;EF | EF;Ejeksjonsfraksjon;LVEF | FEVI;Fracción de eyección
fev1 | normal 2.4 0.8 2 L | FEV1;Forced expiratory volume 1 s | FEV1;Einsekundenkapazität | FEV1 | FEV1;VEMS
fvc | normal 3.3 0.9 2 L | FVC;Forced vital capacity | FVC;Forcierte Vitalkapazität | FVC;Forsert vitalkapasitet | FVC;Capacidad vital forzada
tumour_size | log 24 14 0 mm,cm | Tumour size;Tumor diameter;Lesion size | Tumorgröße;Tumordurchmesser | Tumorstørrelse;Tumordiameter | Tamaño tumoral;Diámetro del tumor
ki67 | log 22 18 0 % | Ki-67;Ki67 index | Ki-67;Ki67 | Ki-67;Ki67 | Ki-67;Índice Ki67
psa | log 8 9 1 ug/L | PSA;Prostate specific antigen | PSA;PSA-Wert | PSA | PSA;Antígeno prostático
walk | normal 410 105 0 m | 6MWD;Six minute walk distance;6 min walk | 6-Minuten-Gehtest;Gehstrecke 6 min | 6 minutters gangtest;Gangdistanse 6 min | Test de marcha 6 min;Distancia 6 min
grip | normal 31 10 1 kg | Grip strength;Hand grip | Handkraft;Griffstärke | Gripestyrke;Håndkraft | Fuerza de prensión;Fuerza de agarre
mmse | normal 25 3.5 0 {score} | MMSE;Mini mental | MMST;MMSE | MMS;MMSE | MMSE;Minimental
marker_q | log 3.4 2.1 2 ng/mL | Qalvin;QLV serum | Qalvin;Qalvin i.S. | Qalvin;S-Qalvin | Qalvina;QLV
marker_r | log 180 70 0 pg/mL | Resothelin;RSTL | Resothelin;Rsth. | Resotelin | Resotelina
protein_z | normal 55 9 1 % | Zentin fraction;Zentin % | Zentinfraktion;Zentinanteil | Zentinfraksjon;Zentinandel | Fracción de zentina;Zentina
stiffness | log 7 4 1 kPa | Liver stiffness;Elastography | Lebersteifigkeit;Elastographie | Leverstivhet;Elastografi | Rigidez hepática;Elastografía
surgery_time | log 118 45 0 min | Operating time;Duration of surgery | OP-Dauer;Operationszeit | Operasjonstid;Knivtid | Tiempo quirúrgico;Duración de la cirugía
blood_loss | log 320 260 0 mL | Blood loss;Estimated blood loss | Blutverlust | Blodtap;Blødning | Pérdida sanguínea;Sangrado estimado
"""

COUNTS = """
nodes | 2.1 15 | Positive nodes;Lymph nodes positive;No. pos. nodes | Positive Lymphknoten;befallene LK | Positive lymfeknuter;Antall positive glandler | Ganglios positivos;Ganglios afectados
drugs | 4.5 14 | Number of drugs;No. of medications | Anzahl Medikamente;Zahl der Medikamente | Antall medisiner;Antall legemidler | Número de fármacos;Nº de medicamentos
parity | 1.8 7 | Parity;Births | Parität;Geburten | Paritet;Antall fødsler | Paridad;Partos
charlson | 2.4 10 | Charlson index;CCI | Charlson-Index;CCI | Charlson indeks;CCI | Índice de Charlson;Charlson
"""

YES_NO = """
diabetes | 0.24 | Diabetes;Diabetes mellitus;DM | Diabetes;Diabetes mellitus;Zuckerkrankheit | Diabetes;Diabetes mellitus;Sukkersyke | Diabetes;Diabetes mellitus;DM
hypertension | 0.52 | Hypertension;High blood pressure;HTN | Hypertonie;Bluthochdruck;aHT | Hypertensjon;Høyt blodtrykk | Hipertensión;HTA
atrial_fibrillation | 0.17 | Atrial fibrillation;AF;AFib | Vorhofflimmern;VHF | Atrieflimmer;AF | Fibrilación auricular;FA previa
stroke | 0.09 | Previous stroke;Stroke history | Schlaganfall;Z.n. Apoplex | Tidligere slag;Hjerneslag | Ictus previo;ACV previo
copd | 0.14 | COPD | COPD | KOLS | EPOC
asthma | 0.08 | Asthma | Asthma;Asthma bronchiale | Astma | Asma
dialysis | 0.05 | Dialysis;On dialysis | Dialyse;dialysepflichtig | Dialyse | Diálisis
statin | 0.41 | Statin;On statins;Statin use | Statin;Statintherapie | Statin;Statinbruk | Estatina;Estatinas
aspirin | 0.36 | Aspirin;ASA | ASS;Aspirin | ASA;Acetylsalisylsyre | AAS;Aspirina
betablocker | 0.38 | Beta blocker;Betablocker | Betablocker;Beta-Blocker | Betablokker | Betabloqueante;Betabloqueantes
anticoagulant | 0.19 | Anticoagulation;Anticoagulant | Antikoagulation;OAK | Antikoagulasjon;Blodfortynnende | Anticoagulación;Anticoagulante
family_history | 0.22 | Family history;Positive family history | Familienanamnese;Familiäre Belastung | Familieanamnese;Arvelig belastning | Antecedentes familiares;Historia familiar
dyspnoea | 0.33 | Dyspnoea;Shortness of breath;SOB | Dyspnoe;Atemnot;Luftnot | Dyspné;Tungpust | Disnea;Falta de aire
oedema | 0.21 | Oedema;Leg oedema | Ödeme;Beinödeme | Ødem;Ankelødem | Edema;Edemas maleolares
radiotherapy | 0.4 | Radiotherapy;Radiation | Strahlentherapie;Bestrahlung | Strålebehandling;Stråleterapi | Radioterapia;RT
chemotherapy | 0.45 | Chemotherapy;Chemo | Chemotherapie;Chemo | Kjemoterapi;Cellegift | Quimioterapia;QT
"""

LEVELS = """
sex | 45 55 | Sex;Gender | Geschlecht;Geschl. | Kjønn | Sexo;Género || female;F;woman | weiblich;w;Frau | kvinne;K | mujer;M | male;M;man | männlich;m;Mann | mann;M | hombre;H
smoking | 44 33 23 | Smoking;Smoking status;Tobacco | Rauchen;Raucherstatus;Nikotin | Røyking;Røykestatus;Tobakk | Tabaquismo;Hábito tabáquico;Tabaco || never | nie;Nieraucher | aldri | nunca | former;ex-smoker | früher;Exraucher | tidligere | exfumador | current;smoker | aktuell;Raucher | nåværende;daglig | fumador;actual
nyha | 28 38 26 8 | NYHA class;NYHA;NYHA functional class | NYHA;NYHA-Klasse;NYHA-Stadium | NYHA;NYHA-klasse | NYHA;Clase NYHA || I;class I | I;Klasse I | I;klasse I | I;clase I | II;class II | II;Klasse II | II;klasse II | II;clase II | III;class III | III;Klasse III | III;klasse III | III;clase III | IV;class IV | IV;Klasse IV | IV;klasse IV | IV;clase IV
stage | 25 38 25 12 | Stage;Tumour stage;Clinical stage | Stadium;Tumorstadium | Stadium;Tumorstadium | Estadio;Estadio clínico || stage I;I | Stadium I;I | stadium I;I | estadio I;I | stage II;II | Stadium II;II | stadium II;II | estadio II;II | stage III;III | Stadium III;III | stadium III;III | estadio III;III | stage IV;IV | Stadium IV;IV | stadium IV;IV | estadio IV;IV
grade | 25 45 30 | Grade;Histological grade;Differentiation | Grading;Differenzierung;Histologischer Grad | Grad;Histologisk grad;Differensiering | Grado;Grado histológico;Diferenciación || well differentiated;G1 | gut differenziert;G1 | høyt differensiert;G1 | bien diferenciado;G1 | moderately differentiated;G2 | mäßig differenziert;G2 | middels differensiert;G2 | moderadamente diferenciado;G2 | poorly differentiated;G3 | schlecht differenziert;G3 | lavt differensiert;G3 | mal diferenciado;G3
side | 48 45 7 | Side;Laterality | Seite;Lokalisation Seite | Side;Sidelokalisasjon | Lado;Lateralidad || left | links | venstre | izquierdo | right | rechts | høyre | derecho | bilateral;both | beidseits;bilateral | begge;bilateral | bilateral;ambos
severity | 40 38 22 | Severity;Severity of disease | Schweregrad;Krankheitsschwere | Alvorlighetsgrad | Gravedad;Severidad || mild | leicht | mild;lett | leve | moderate | mittel;mäßig | moderat | moderado | severe | schwer | alvorlig | grave
admission | 62 38 | Admission type;Type of admission | Aufnahmeart;Art der Aufnahme | Innleggelsestype;Type innleggelse | Tipo de ingreso || emergency;acute | Notfall | akutt;øyeblikkelig hjelp | urgente;urgencias | elective;planned | elektiv;geplant | elektiv;planlagt | programado
marital | 58 20 22 | Marital status;Civil status | Familienstand | Sivilstand;Sivilstatus | Estado civil || married | verheiratet | gift | casado | single | ledig | enslig;ugift | soltero | widowed | verwitwet | enke;enkemann | viudo
zentin_type | 50 30 20 | Zentin type;Zentin pattern | Zentintyp;Zentinmuster | Zentintype;Zentinmønster | Tipo de zentina;Patrón de zentina || lamellar | lamellär | lamellær | laminar | granular | granulär | granulær | granular | mixed | gemischt | blandet | mixto
"""

#: The outcome's names and its words for yes and no.
OUTCOMES = """
death | Died within 1 year;Death 1y;Deceased | Verstorben;Tod innerhalb 1 Jahr | Død innen 1 år;Død | Fallecido;Muerte a 1 año
relapse | Relapse;Recurrence | Rezidiv;Rückfall | Tilbakefall;Residiv | Recidiva;Recaída
complication | Complication;Any complication | Komplikation;Komplikationen | Komplikasjon | Complicación;Complicaciones
"""
IDS = {"en": ("Patient ID", "MRN", "Study no"), "de": ("Patientennummer", "Fallnummer", "Pat-ID"),
       "nb": ("Pasientnr", "Løpenummer", "Pasient-ID"), "es": ("Nº de historia", "NHC", "ID paciente")}  # fmt: skip
DATES = {"en": "Visit date", "de": "Untersuchungsdatum", "nb": "Undersøkelsesdato", "es": "Fecha de visita"}
WORDS = {"en": (("no", "yes"), ("N", "Y")), "de": (("nein", "ja"),), "nb": (("nei", "ja"),), "es": (("no", "sí"),)}
MISSING = {"en": ("", "unknown"), "de": ("", "k.A."), "nb": ("", "ukjent"), "es": ("", "desconocido")}
#: How units are written in headers.
SPELLED = {"mm[Hg]": "mmHg", "a": "years", "/min": "/min", "10*9/L": "10^9/L", "[lb_av]": "lb", "umol/L": "µmol/l", "mmol/L": "mmol/l",
           "mg/dL": "mg/dl", "mL/min/{1.73_m2}": "ml/min/1.73m2", "Cel": "°C", "m[iU]/L": "mIU/l", "ug/L": "µg/l", "{score}": "",
           "1": "", "10*12/L": "10^12/L"}  # fmt: skip
ANALYTES = {"haemoglobin": "haemoglobin", "creatinine": "creatinine", "urea": "urea", "glucose": "glucose",
            "cholesterol": "cholesterol", "ldl": "cholesterol", "hdl": "cholesterol", "triglycerides": "triglycerides",
            "bilirubin": "bilirubin", "vitamin_d": "vitamin_d"}  # fmt: skip
