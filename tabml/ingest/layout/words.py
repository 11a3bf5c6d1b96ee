"""The words by which layout knows totals, code lists and pivot tables, in twelve languages; all folded."""

from __future__ import annotations

from tabml.ingest.values import fold


def _words(text: str) -> frozenset[str]:
    return frozenset(fold(word.replace("_", " ")) for word in text.split())


#: First cell of a row that sums or averages the rows above it.
TOTALS_WORDS = _words(
    "total totals grand_total subtotal sub-total sum sums mean average median count n all overall "
    "sous-total sous_total sous-totaux total_général total_partiel totaux somme sommes moyenne médiane effectif effectif_total ensemble "
    "totale totali totale_generale totale_parziale subtotale sub-totale somma media_generale complessivo "
    "totaal subtotaal eindtotaal totalen som gemiddelde aantal mediaan totaal_generaal "
    "total_geral subtotal_geral soma totais média médias contagem total_parcial "
    "totalt total_sum totalsum i_alt ialt delsum sum_totalt gjennomsnitt antall alle "
    "summa totalsumma delsumma medelvärde medel antal samtliga gennemsnit hovedtotal sammenlagt "
    "summe summen gesamt gesamtsumme gesamtergebnis insgesamt zwischensumme teilsumme mittelwert anzahl durchschnitt "
    "yhteensä summat keskiarvo lukumäärä kaikki_yhteensä mediaani "
    "suma total_general promedio media mediana recuento suma_total totales subtotal_general "
    "合计 总计 小计 总和 共计 合計 總計 小計 平均 平均值 平均数 中位数 均值 总数 人数"
)
#: Sheets with these names explain the data.
CODE_SHEETS = _words(
    "codebook code_book codes code codelist code_list codings coding legend key data_dictionary datadictionary dictionary "
    "variables variable_list metadata lookup lookups readme read_me explainer explanation notes info description "
    "kodebok koder kode kodeliste variabelliste variabler forklaring tegnforklaring merknader beskrivelse "
    "kodbok kodlista kodnyckel variabellista förklaring beskrivning kodebog kodebøger "
    "codebuch kodebuch kodierung kodierungen codierung codeliste legende variablen variablenliste datenwörterbuch erläuterung "
    "erläuterungen beschreibung hinweise koodikirja koodit koodisto muuttujat selite selitteet "
    "códigos codigos libro_de_códigos diccionario diccionario_de_datos variables leyenda notas"
)
#: A header of each kind makes a list of codes: what is explained, and the explanation.
EXPLAINED = _words(
    "column variable variable_name field field_name variable_/_field_name item parameter feature attribute "
    "variabel variabelnavn felt kolonne variabelnamn fält kolumn feld variable_/_feld variablenname spalte merkmal "
    "muuttuja kenttä sarake campo columna"
)
EXPLANATION = _words(
    "meaning description details definition label field_label explanation code codes values value_label choices range coding "
    "betydning beskrivelse forklaring kode koder betydelse beskrivning förklaring kod koder bedeutung beschreibung "
    "erläuterung code codes ausprägung ausprägungen merkitys kuvaus selitys koodi significado descripción código"
)
#: What a spreadsheet program writes over the axes of a pivot table.
PIVOT_WORDS = _words(
    "row_labels column_labels radetiketter kolonneetiketter kolumnetiketter rækkenavne kolonnenavne "
    "zeilenbeschriftungen spaltenbeschriftungen riviotsikot sarakeotsikot etiquetas_de_fila etiquetas_de_columna"
)
