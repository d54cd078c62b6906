"""The people of the demo clinic: every name is invented."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role

EN, ES = Language.EN, Language.ES
YES, NO = PregnancyPossible.YES, PregnancyPossible.NO


@dataclass(frozen=True, kw_only=True)
class Staff:
    """Someone who works at the clinic and can sign in."""

    address: str
    name: str
    role: Role
    is_charge_nurse: bool = False


STAFF = (
    Staff(address="desk@demo.example", name="Dana Whitfield", role=Role.FRONT_DESK),
    Staff(address="nurse@demo.example", name="Rosa Delgado, RN", role=Role.NURSE, is_charge_nurse=True),
    Staff(address="provider@demo.example", name="Dr. Miriam Adler", role=Role.PROVIDER),
    Staff(address="owner@demo.example", name="Grant Okafor", role=Role.OWNER),
    Staff(address="auditor@demo.example", name="Lena Fischer", role=Role.AUDITOR),
    Staff(address="nurse2@demo.example", name="Tom Nguyen, RN", role=Role.NURSE),
    Staff(address="nurse3@demo.example", name="Marta Kowalczyk, RN", role=Role.NURSE),
    Staff(address="nurse4@demo.example", name="Elijah Brooks, RN", role=Role.NURSE),
    Staff(address="provider2@demo.example", name="Dr. Samuel Ortega", role=Role.PROVIDER),
)


@dataclass(frozen=True, kw_only=True)
class Person:
    """An invented patient; `first_day` is the day of their first session, counted from today."""

    name: str
    born: date
    language: Language
    condition: Condition
    code: str
    protocol: str | None
    grams: int
    first_day: int


_TABLE: tuple[tuple[str, str, Language, str, str, str | None, int, int], ...] = (
    ("Maria Lopez", "1979-02-11", EN, "treatment_resistant_depression", "F33.2", "iv-mood", 68_400, -20),
    ("María López", "1991-09-30", ES, "treatment_resistant_depression", "F33.1", "in-esketamine", 74_900, -19),
    ("John Smith", "1966-05-04", EN, "complex_regional_pain", "G90.522", "iv-pain", 91_200, -17),
    ("Jon Smith", "1988-12-19", EN, "generalised_anxiety", "F41.1", "im", 77_100, -15),
    ("Siobhán O’Connor", "1974-08-23", EN, "ptsd", "F43.12", "iv-mood", 63_500, -18),
    ("Wirawan", "1959-01-30", EN, "treatment_resistant_depression", "F33.2", "in-esketamine", 70_300, -20),
    ("Ελένη Παπαδάκη", "1983-11-02", EN, "social_anxiety", "F40.10", "in-racemic", 66_700, -16),
    ("Нина Алексеевна Воронцова", "1969-03-08", EN, "bipolar_depression", "F31.81", "iv-mood", 71_800, -14),
    ("Wilhelmina Alexandra Featherstonehaugh-Cholmondeley de la Fontaine y Montenegro", "1947-07-14", EN,
     "treatment_resistant_depression", "F33.2", "iv-mood", 58_100, -13),
    ("Ximena Ríos Castañeda", "1996-04-27", ES, "acute_suicidal_ideation", "R45.851", "in-esketamine", 61_200, -12),
    ("D’Andre Washington", "1985-10-10", EN, "ptsd", "F43.10", "im", 98_400, -12),
    ("Nguyễn Thị Bích Ngọc", "1972-06-18", EN, "fibromyalgia", "M79.7", "iv-pain", 52_600, -10),
    ("Hana Kovářová", "1990-02-28", EN, "panic_disorder", "F41.0", "in-racemic", 59_900, -11),
    ("Muhammad al-Rashid", "1977-12-01", EN, "treatment_resistant_depression", "F33.1", "iv-mood", 84_600, -11),
    ("Jean-Luc Beaumont", "1963-09-09", EN, "neuropathic_pain", "G89.4", "iv-pain", 88_000, -8),
    ("Aaliyah Brooks", "2001-05-21", EN, "social_anxiety", "F40.10", "im", 64_000, -10),
    ("Esteban Quiroga", "1968-11-11", ES, "treatment_resistant_depression", "F33.2", "iv-mood", 93_300, -9),
    ("Ingrid Sørensen", "1955-03-17", EN, "bipolar_depression", "F31.4", "iv-mood", 67_200, -9),
    ("Priya Raghunathan", "1987-08-05", EN, "generalised_anxiety", "F41.1", "iv-mood", 55_700, -8),
    ("Kwame Asante", "1980-01-15", EN, "ptsd", "F43.10", "iv-mood", 86_200, -8),
    ("Lucía Fernández", "1993-07-07", ES, "panic_disorder", "F41.0", "im", 60_800, -7),
    ("O’Malley Quinn", "1976-10-31", EN, "treatment_resistant_depression", "F32.2", "in-esketamine", 79_500, -26),
    ("Zoë Achterberg", "1998-12-24", EN, "acute_suicidal_ideation", "R45.851", "iv-mood", 57_400, -6),
    ("Theodore Papadopoulos", "1950-04-02", EN, "fibromyalgia", "M79.7", "iv-pain", 82_300, -5),
    ("Ji-woo Park", "1995-06-06", EN, "social_anxiety", "F40.10", "in-racemic", 54_900, -6),
    ("Carmen Ibáñez Soto", "1964-02-14", ES, "complex_regional_pain", "G90.512", "iv-pain", 73_600, -3),
    ("Margaret Ellsworth", "1943-10-20", EN, "treatment_resistant_depression", "F33.2", "in-esketamine", 62_300, -24),
    ("Anil Deshpande", "1971-05-29", EN, "generalised_anxiety", "F41.1", "im", 80_900, -5),
    ("Beatriz Carvalho", "1989-03-03", EN, "ptsd", "F43.12", "in-racemic", 65_100, -5),
    ("Noah Lindqvist", "1999-09-19", EN, "treatment_resistant_depression", "F33.1", "iv-mood", 75_400, -4),
    ("فاطمة الزهراء", "1986-11-25", EN, "bipolar_depression", "F31.81", "iv-mood", 69_000, -4),
    ("Guadalupe Treviño", "1958-12-12", ES, "fibromyalgia", "M79.7", "iv-pain", 78_200, 1),
    ("Oluwaseun Adebayo", "1984-07-30", EN, "treatment_resistant_depression", "F33.2", "iv-mood", 89_700, -3),
    ("Charlotte Meadows", "1992-01-09", EN, "panic_disorder", "F41.0", "iv-mood", 70_000, -3),
    ("Ramón Escobedo", "1975-08-16", ES, "ptsd", "F43.10", "im", 96_500, -2),
    ("Yuki Tanaka", "1997-04-14", EN, "generalised_anxiety", "F41.1", "in-racemic", 51_800, -2),
    ("Isaac Goldfarb", "1961-06-22", EN, "neuropathic_pain", "G89.4", "iv-pain", 85_500, 4),
    ("Dolores Herrera Salas", "1953-02-02", ES, "treatment_resistant_depression", "F33.2", "in-esketamine", 66_000, -3),
    ("Peter-Jan van der Meer", "1970-10-05", EN, "social_anxiety", "F40.10", "im", 92_100, -1),
    ("Tamika Robinson", "1982-05-13", EN, "treatment_resistant_depression", "F33.1", "iv-mood", 87_300, -1),
    ("Agnieszka Wiśniewska", "1978-09-28", EN, "bipolar_depression", "F31.4", "im", 64_700, 1),
    ("Leilani Kahananui", "1994-11-17", EN, "acute_suicidal_ideation", "R45.851", "in-esketamine", 72_500, 1),
    ("Søren Aagaard", "1967-03-26", EN, "complex_regional_pain", "G90.511", "iv-pain", 90_400, 7),
    ("Bùi Văn Đức", "1981-12-08", EN, "ptsd", "F43.12", "iv-mood", 68_900, 1),
    ("Fiona MacLeod", "1973-07-01", EN, "panic_disorder", "F41.0", "im", 61_600, 2),
    ("Joaquín Morales", "1990-10-29", ES, "generalised_anxiety", "F41.1", "iv-mood", 83_100, 2),
    ("Grace Abernathy", "1949-01-22", EN, "treatment_resistant_depression", "F33.2", "in-esketamine", 56_300, 3),
    ("Dimitri Kalashnik", "1965-04-11", EN, "fibromyalgia", "M79.7", "iv-pain", 94_800, 10),
    ("Amara Nwosu", "2000-08-08", EN, "social_anxiety", "F40.10", "in-racemic", 58_800, 3),
    ("Catherine Bellamy", "1988-02-19", EN, "treatment_resistant_depression", "F33.1", "iv-mood", 71_300, 4),
    ("Kathryn Bellamy", "1957-06-15", EN, "neuropathic_pain", "G89.4", "iv-pain", 76_400, 14),
    ("Ignacio Villalobos", "1983-09-03", ES, "bipolar_depression", "F31.81", "iv-mood", 88_600, 5),
    ("Harriet Pemberton", "1962-11-30", EN, "ptsd", "F43.10", "im", 67_700, 7),
    ("Rafael Monteiro", "1979-05-18", EN, "treatment_resistant_depression", "F33.2", "in-esketamine", 81_400, 8),
    ("Malik Johnson", "1993-03-12", EN, "treatment_resistant_depression", "F33.1", None, 79_800, 0),
    ("Eleanor Whitcombe", "1951-08-27", EN, "generalised_anxiety", "F41.1", None, 60_100, 0),
    ("Valentina Rossi", "1986-12-03", EN, "ptsd", "F43.10", None, 63_200, 0),
    ("陈思远", "1974-04-21", EN, "fibromyalgia", "M79.7", None, 74_300, 0),
    ("Pilar Ocampo", "1968-10-14", ES, "treatment_resistant_depression", "F33.2", None, 70_700, 0),
    ("Bartholomew Finch", "1945-02-26", EN, "complex_regional_pain", "G90.521", None, 83_900, 0),
)  # fmt: skip

PATIENTS = tuple(
    Person(
        name=name, born=date.fromisoformat(born), language=language, condition=Condition(condition), code=code,
        protocol=protocol, grams=grams, first_day=first_day,
    )
    for name, born, language, condition, code, protocol, grams, first_day in _TABLE
)  # fmt: skip

ALSO_TREATED_FOR: Mapping[str, tuple[Condition, str]] = MappingProxyType(
    {
        "Maria Lopez": (Condition.GENERALISED_ANXIETY, "F41.1"),
        "D’Andre Washington": (Condition.TREATMENT_RESISTANT_DEPRESSION, "F33.1"),
        "Margaret Ellsworth": (Condition.NEUROPATHIC_PAIN, "G89.4"),
        "Zoë Achterberg": (Condition.TREATMENT_RESISTANT_DEPRESSION, "F33.2"),
    }
)

BOUNCED = "Esteban Quiroga"
REFUSED = "Anil Deshpande"

DETAILS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "Maria Lopez": {"preferred_name": "Mari", "allergies": "Penicillin: hives", "pregnancy_possible": YES},
        "María López": {"interpreter": "Spanish, by phone", "pregnancy_possible": YES},
        "John Smith": {"other_alert": "Left arm and hand very painful to touch: cuff on the right arm"},
        "Jon Smith": {"preferred_name": "Jonny", "email": None},
        "Siobhán O’Connor": {"pronouns": "she/her", "contact_wishes": "No voicemail, please"},
        "Wirawan": {"pressure_limit_systolic_mmhg": 150, "pressure_limit_diastolic_mmhg": 95},
        "Ελένη Παπαδάκη": {"interpreter": "Greek, by phone", "preferred_name": "Eleni"},
        "Нина Алексеевна Воронцова": {"interpreter": "Russian, by video", "pregnancy_possible": NO},
        "Wilhelmina Alexandra Featherstonehaugh-Cholmondeley de la Fontaine y Montenegro": {
            "preferred_name": "Billie", "email": None, "pressure_limit_systolic_mmhg": 145,
            "pressure_limit_diastolic_mmhg": 90, "other_alert": "Unsteady on her feet: walks with a cane",
        },
        "Ximena Ríos Castañeda": {"pregnancy_possible": YES, "contact_wishes": "Text or email, not by phone"},
        "D’Andre Washington": {"escort_trouble": "Brother works days: confirm the ride the evening before"},
        "Nguyễn Thị Bích Ngọc": {"interpreter": "Vietnamese, by phone", "allergies": "Latex: rash"},
        "Muhammad al-Rashid": {"email_wanted": False, "contact_wishes": "Calls after 5 pm only"},
        "Jean-Luc Beaumont": {"allergies": "Iodine contrast: hives"},
        "Kwame Asante": {"other_alert": "Startles easily: say your name before touching"},
        "O’Malley Quinn": {"pronouns": "they/them", "preferred_name": "Quinn", "pregnancy_possible": NO},
        "Zoë Achterberg": {"pregnancy_possible": YES, "escort_trouble": "Roommate only until 4 pm"},
        "Margaret Ellsworth": {"email": None, "pressure_limit_systolic_mmhg": 150, "pressure_limit_diastolic_mmhg": 90},
        "فاطمة الزهراء": {"interpreter": "Arabic, in person", "preferred_name": "Fatima", "pregnancy_possible": YES},
        "Guadalupe Treviño": {"preferred_name": "Lupe", "email": None},
        "Ji-woo Park": {"pronouns": "he/him"},
        "陈思远": {"interpreter": "Mandarin, in person", "preferred_name": "Simon", "allergies": "Sulfa: swelling"},
        "Grace Abernathy": {"escort_trouble": "Lives alone: needs a companion arranged by us", "email_wanted": False},
        "Bartholomew Finch": {"other_alert": "Hard of hearing: speak to his right side"},
    }
)  # fmt: skip

RELATIVES = (
    ("Elena", "sister"), ("Marcus", "husband"), ("Ruth", "mother"), ("Andre", "friend"), ("Sofia", "daughter"),
    ("Paul", "neighbor"), ("Imani", "wife"), ("Victor", "brother"),
)  # fmt: skip
STREETS = ("Alameda St", "Bellevue Ave", "Cypress Ct", "Dover Rd", "Elm St", "Figueroa St", "Grand Ave", "Hill St")
OUTSIDE_CARE = ("Dr. A. Hollis", "Dr. P. Varga", "Dr. N. Castellan", "Dr. B. Ikeda")
