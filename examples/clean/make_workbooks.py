"""Write the two synthetic workbooks of this folder: `python examples/clean/make_workbooks.py [FOLDER]`.

Every patient is invented by the code below; the same code gives the same cells. `cohort.xlsx` has one clear
outcome, `ambiguous.xlsx` has two, so that only the user can say which one is meant.
"""

from __future__ import annotations

import math
import random
import sys
from datetime import datetime
from pathlib import Path

import xlsxwriter

PATIENTS = 320
#: centre -> (share of patients, shift of the baseline risk on the logit scale, share of CRP not measured)
CENTRES = {"Northfield": (0.45, 0.0, 0.06), "Riverside": (0.35, 0.3, 0.10), "Westbury": (0.20, -0.3, 0.25)}
HEADER = (
    "Patient ID", "Centre", "Age (years)", "Sex", "BMI (kg/m2)", "Systolic BP (mmHg)", "Heart rate (/min)",
    "Haemoglobin (g/dL)", "Creatinine (mg/dL)", "CRP (mg/L)", "Diabetes", "Admission",
)  # fmt: skip
DEATH = "Death within 30 days"
RELAPSE = "Relapse within 1 year"
Row = list[str | float | int | None]


def make_patient(number: int, draw: random.Random) -> tuple[Row, dict[str, str]]:
    """One patient: the cells of `HEADER`, and the outcomes by name."""
    centre = draw.choices(list(CENTRES), weights=[share for share, _, _ in CENTRES.values()])[0]
    _, shift, crp_missing = CENTRES[centre]
    age = min(95, max(24, round(draw.gauss(67, 12))))
    male = draw.random() < 0.58
    bmi = max(16.0, draw.gauss(27, 4.5))
    emergency = draw.random() < 0.35
    pressure = max(70, draw.gauss(138 - 12 * emergency, 19))
    rate = max(42, draw.gauss(76 + 11 * emergency, 12))
    haemoglobin = max(6.0, draw.gauss(13.6 + 0.9 * male - 0.9 * emergency, 1.6))
    creatinine = math.exp(draw.gauss(-0.05 + 0.008 * (age - 67) + 0.12 * male, 0.33))
    crp = math.exp(draw.gauss(1.5 + 1.1 * emergency, 1.0))
    diabetes = draw.random() < 0.16 + 0.012 * max(0.0, bmi - 22)
    logit = (
        -1.75 + shift + 0.055 * (age - 67) + 0.9 * emergency + 0.9 * math.log(creatinine)
        - 0.25 * (haemoglobin - 13.6) + 0.28 * (math.log(crp) - 1.5) + 0.3 * diabetes - 0.012 * (pressure - 135)
    )  # fmt: skip
    died = draw.random() < 1 / (1 + math.exp(-logit))
    relapsed = draw.random() < 1 / (1 + math.exp(0.9 - 0.5 * diabetes - 0.02 * (age - 67)))
    row: Row = [
        f"P{number:04d}", centre, age, "male" if male else "female", round(bmi, 1), round(pressure), round(rate),
        round(haemoglobin, 1), round(creatinine, 2), round(crp, 1), "yes" if diabetes else "no",
        "emergency" if emergency else "elective",
    ]  # fmt: skip
    for column, share in ((4, 0.08), (6, 0.02), (7, 0.03), (8, 0.03), (9, crp_missing), (10, 0.04)):
        if draw.random() < share:
            row[column] = None
    return row, {DEATH: "yes" if died else "no", RELAPSE: "yes" if relapsed else "no"}


def write_workbook(path: Path, outcomes: tuple[str, ...]) -> None:
    """Write one sheet with a header in row 1 and one patient a row."""
    draw = random.Random(20)
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime(2024, 5, 1), "comments": "synthetic, every patient is invented"})
        sheet = book.add_worksheet("Patients")
        sheet.write_row(0, 0, [*HEADER, *outcomes], book.add_format({"bold": True}))
        for number in range(1, PATIENTS + 1):
            cells, said = make_patient(number, draw)
            for column, cell in enumerate([*cells, *(said[name] for name in outcomes)]):
                if cell is not None:
                    sheet.write(number, column, cell)
        sheet.set_column(0, len(HEADER) + len(outcomes), 16)
        sheet.freeze_panes(1, 1)


def main(folder: Path) -> None:
    """Write both workbooks into `folder`."""
    write_workbook(folder / "cohort.xlsx", (DEATH,))
    write_workbook(folder / "ambiguous.xlsx", (DEATH, RELAPSE))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
