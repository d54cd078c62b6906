"""The drug in the hand: volumes hold doses, every slip of units or digits has a name, labels and barcodes are read."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from clinic_sessions.domain.drug import drug_slips, infusion
from clinic_sessions.domain.drug.amounts import AmountUnreadable, plain_text, read_thousandths
from clinic_sessions.domain.drug.drawing import (
    SMALLEST_STEP,
    Container,
    Drawn,
    Label,
    against_drug,
    holds,
    is_expired,
    volume_of,
)
from clinic_sessions.domain.drug.drug_balance import Balance
from clinic_sessions.domain.drug.drug_slips import Slip
from clinic_sessions.domain.drug.expiry import read_expiry
from clinic_sessions.domain.drug.scanned import BarcodeUnreadable, read_barcode
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.domain.session.start_gate import StartReason
from clinic_sessions.domain.typed_days import Unreadable

NOON = datetime(2026, 11, 23, 20, tzinfo=UTC)
TODAY = date(2026, 11, 23)
DOSES = st.integers(1, 1_200).map(lambda tenths: tenths * 100)
"""0.1 to 120 mg, in the tenths of a mg that orders are rounded to."""
STRENGTHS = st.sampled_from([10_000, 28_000, 50_000, 100_000, 150_000])


def label(**given: object) -> Label:
    fields = {
        "container": Container.VIAL, "micrograms_per_ml": 50_000, "total_micrograms": 500_000,
        "expires_on": date(2027, 11, 30), **given,
    }  # fmt: skip
    return Label(**fields)  # type: ignore[arg-type]


def against(one: Label | None, drawn: Drawn | None, *, second: bool = True) -> list[StartReason]:
    return against_drug(one, drawn, second_person=second, day=TODAY, at=NOON)


@given(DOSES, STRENGTHS)
def test_the_reckoned_volume_holds_the_dose_and_is_never_off_by_more_than_half_a_step(dose: int, strength: int) -> None:
    volume = volume_of(dose, strength)
    assert volume % SMALLEST_STEP == 0
    assert abs(Decimal(dose) * 1000 / strength - volume) <= Decimal(SMALLEST_STEP) / 2
    assume(volume >= SMALLEST_STEP)
    assert holds(dose, volume, strength)
    assert drug_slips.of_volume(dose, volume, strength) is None


@given(
    DOSES,
    STRENGTHS,
    st.sampled_from([(10, 1), (1, 10), (100, 1), (1, 100), (2205, 1000), (1000, 2205), (2, 1), (1, 2)]),
)
@example(500, 50_000, (10, 1))
def test_no_volume_that_is_off_by_two_or_more_holds_a_dose(dose: int, strength: int, factor: tuple[int, int]) -> None:
    volume = dose * 1000 * factor[0] // (strength * factor[1])
    assume(volume > 0)
    assert not holds(dose, volume, strength)
    found = drug_slips.of_volume(dose, volume, strength)
    assert found is not None
    assert found.stops


@given(DOSES, STRENGTHS)
def test_mg_typed_as_ml_is_named(dose: int, strength: int) -> None:
    found = drug_slips.of_volume(dose, dose, strength)
    assert found is not None
    assert found.slip is Slip.MG_AS_ML
    assert "mg typed as mL" in found.text


@given(st.integers(50, 1_200).map(lambda tenths: tenths * 100), STRENGTHS, st.sampled_from([10, Decimal(1) / 10]))
def test_a_tenfold_volume_is_named(dose: int, strength: int, factor: Decimal) -> None:
    volume = int(volume_of(dose, strength) * factor)
    assume(volume not in {0, dose} and volume_of(dose, strength) >= 10 * SMALLEST_STEP)
    found = drug_slips.of_volume(dose, volume, strength)
    assert found is not None
    assert found.slip is Slip.TENFOLD_VOLUME


@given(STRENGTHS, st.integers(1, 50).map(lambda ml: ml * 1000), st.sampled_from([10, 100]))
def test_ten_typed_for_a_hundred_on_the_label_is_named_whichever_number_it_is(
    strength: int, ml: int, fold: int
) -> None:
    total = strength * ml // 1000
    assert drug_slips.of_label(strength, ml, total) is None
    for wrong in ((strength // fold, ml, total), (strength, ml, total * fold), (strength * fold, ml, total)):
        found = drug_slips.of_label(*wrong)
        assert found is not None
        assert found.slip is (Slip.TENFOLD_STRENGTH if fold == 10 else Slip.LABEL_DIFFERS)
    swapped = drug_slips.of_label(ml, strength, total)
    assert swapped is None, "strength and volume that changed places come to the same: the second person reads them"


@pytest.mark.parametrize(
    ("typed", "slip", "stops"),
    [
        (408_000, Slip.TENFOLD_DOSE, True),
        (4_080, Slip.TENFOLD_DOSE, False),
        (18_500, Slip.POUNDS_AS_KG, False),
        (90_000, Slip.POUNDS_AS_KG, True),
        (44_000, Slip.OTHER_DOSE, False),
        (61_000, Slip.ABOVE_CAP, True),
    ],
)
def test_a_dose_that_is_not_the_ordered_one_is_named_and_above_the_limit_it_is_not_drawn(
    typed: int, slip: Slip, stops: bool
) -> None:
    ordered = DoseToGive(micrograms=40_800, round_down=100)
    found = drug_slips.of_dose(typed, cap=60_000, total=500_000, ordered=ordered)
    assert found is not None
    assert (found.slip, found.stops) == (slip, stops)


@given(st.integers(20, 600).map(lambda tenths: tenths * 100), st.sampled_from([10, Decimal(1) / 10]))
def test_every_tenfold_dose_is_named(ordered: int, factor: Decimal) -> None:
    found = drug_slips.of_dose(
        int(ordered * factor), cap=60_000, total=10_000_000, ordered=DoseToGive(micrograms=ordered, round_down=100)
    )
    assert found is not None
    assert found.slip is Slip.TENFOLD_DOSE


def test_more_than_the_vial_holds_is_not_drawn_even_without_an_order() -> None:
    found = drug_slips.of_dose(50_000, cap=60_000, total=20_000, ordered=None)
    assert found is not None
    assert (found.slip, found.stops) == (Slip.MORE_THAN_VIAL, True)
    assert drug_slips.of_dose(20_000, cap=60_000, total=20_000, ordered=None) is None


def test_nothing_is_given_without_label_draw_and_count() -> None:
    drawn = Drawn(micrograms=40_000, microlitres=800)
    assert against(None, drawn) == [StartReason.LABEL_MISSING]
    assert against(label(), None) == [StartReason.DRAW_MISSING]
    assert against(label(), drawn) == [StartReason.SECOND_PERSON_MISSING]
    assert against(label(), drawn, second=False) == []
    counted = Drawn(micrograms=40_000, microlitres=800, second_microlitres=800)
    assert against(label(), counted) == []
    assert against(label(container=Container.DEVICE, micrograms_per_ml=None), None) == []


@given(st.integers(1, 5_000))
def test_two_people_must_count_the_very_same_volume(second: int) -> None:
    found = against(label(), Drawn(micrograms=40_000, microlitres=800, second_microlitres=second))
    assert found == ([] if second == 800 else [StartReason.SECOND_PERSON_DIFFERS])


def test_a_strength_of_ten_for_a_hundred_after_the_draw_stands_against_the_start() -> None:
    drawn = Drawn(micrograms=40_000, microlitres=400, second_microlitres=400)
    assert against(label(micrograms_per_ml=100_000), drawn) == []
    assert against(label(micrograms_per_ml=10_000), drawn) == [StartReason.DRAW_DIFFERS]


def test_a_second_person_who_reads_another_strength_from_the_vial_stands_against_the_start() -> None:
    """A hundred in 10 mL typed as ten in 100 mL has the right total, and the volume fits it: both people read it."""
    misread = label(micrograms_per_ml=10_000, total_micrograms=1_000_000)
    drawn = Drawn(micrograms=40_000, microlitres=4_000, second_microlitres=4_000, second_per_ml=100_000)
    assert against(misread, drawn) == [StartReason.SECOND_PERSON_DIFFERS]


def test_a_label_holds_through_its_last_day_and_until_beyond_use_not_at_it() -> None:
    assert not is_expired(label(expires_on=TODAY), TODAY, NOON)
    assert is_expired(label(expires_on=TODAY - timedelta(days=1)), TODAY, NOON)
    opened = label(beyond_use_at=NOON)
    assert not is_expired(opened, TODAY, NOON - timedelta(seconds=1))
    assert is_expired(opened, TODAY, NOON)


@pytest.mark.parametrize(
    ("typed", "last"),
    [
        ("11/2027", date(2027, 11, 30)), ("2/28", date(2028, 2, 29)), ("2028-02", date(2028, 2, 29)),
        ("NOV 2027", date(2027, 11, 30)), ("November-2027", date(2027, 11, 30)), ("2027 Nov", date(2027, 11, 30)),
        ("11/24/2027", date(2027, 11, 24)), ("2027-11-24", date(2027, 11, 24)), ("12-2026", date(2026, 12, 31)),
        ("EXP 11/27", date(2027, 11, 30)), ("exp. NOV27", date(2027, 11, 30)), ("30 Nov 2027", date(2027, 11, 30)),
    ],
)  # fmt: skip
def test_an_expiry_is_read_as_labels_print_it_and_a_month_lasts_to_its_end(typed: str, last: date) -> None:
    assert read_expiry(typed) == last


@pytest.mark.parametrize(
    "typed", ["", "13/2027", "soon", "2/30/2027", "0/27", "11/0027", "112027", "exp", "1127", "२/२०२७"]
)
def test_what_is_no_expiry_is_not_guessed(typed: str) -> None:
    with pytest.raises(Unreadable):
        read_expiry(typed)


def check_digit(thirteen: str) -> str:
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(thirteen))
    return str(-total % 10)


LOTS = st.text("ABCDEFGHKLMNPRSTUVWXYZ0123456789-/", min_size=1, max_size=20)


@given(
    st.text("0123456789", min_size=10, max_size=10), LOTS, st.dates(date(2001, 1, 1), date(2099, 12, 31)), st.booleans()
)
def test_a_barcode_gives_back_what_was_put_in_it_sent_or_written_out(
    ndc: str, lot: str, expires: date, written: bool
) -> None:
    gtin = "003" + ndc
    gtin += check_digit(gtin)
    sent = f"]d201{gtin}21SER1\x1d17{expires:%y%m%d}10{lot}"
    if written:
        sent = f"(01){gtin}(21)SER1(17){expires:%y%m%d}(10){lot}"
    found = read_barcode(sent)
    assert (found.ndc, found.lot, found.expires_on) == (ndc, lot, expires)


@given(st.text(max_size=60))
def test_anything_else_from_a_scanner_is_refused_in_words_or_read(text: str) -> None:
    try:
        found = read_barcode(text)
    except BarcodeUnreadable:
        return
    assert found.ndc is None or len(found.ndc) == 10


@pytest.mark.parametrize(
    "sent",
    [
        "0100350458028004" + "17271130" + "10A1",
        "(01)00350458028003(17)27113",
        "(01)00350458028003(17)271330(10)A",
        "(01)00350458028003(10)" + "A" * 21,
        "01003504580280031727",
        "0100350458028003" + "9912",
        "hello",
    ],
)
def test_a_barcode_that_was_not_read_whole_is_refused(sent: str) -> None:
    with pytest.raises(BarcodeUnreadable):
        read_barcode(sent)


@given(st.integers(1, 10_000_000))
def test_an_amount_reads_as_it_is_written(thousandths: int) -> None:
    assert read_thousandths(plain_text(thousandths), "mL", "1") == thousandths


@pytest.mark.parametrize("typed", ["", "0", "-1", "1e3", "1,500", "0.8001", "٨", "0.8 mg", "10001", "1_0", "+1"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(AmountUnreadable):
        read_thousandths(typed, "mL", "0.8")


@given(DOSES, st.integers(1, 500).map(lambda ml: ml * 1000), st.integers(1, 600))
def test_a_pump_at_its_planned_rate_gives_the_dose_in_its_minutes(dose: int, volume: int, minutes: int) -> None:
    rate = infusion.planned(dose, volume, minutes)
    run = Decimal(rate.microlitres_per_hour) * minutes / 60
    assert abs(run - volume) <= Decimal(infusion.PUMP_STEP) / 2 * minutes / 60
    assert rate.arithmetic.endswith(f"= {rate.text}")
    assert infusion.drug_in(volume, dose, volume) == dose


def test_a_rate_off_by_ten_is_asked_about() -> None:
    found = drug_slips.of_rate(1_500_000, 150_000)
    assert found is not None
    assert (found.slip, found.stops) == (Slip.TENFOLD_RATE, False)
    assert drug_slips.of_rate(75_000, 150_000) is None
    assert drug_slips.of_rate(0, 150_000) is None


@given(st.integers(1, 100_000), st.integers(0, 100_000), st.integers(0, 100_000))
def test_a_balance_is_even_only_when_every_microgram_is_given_or_wasted(drawn: int, given_: int, wasted: int) -> None:
    assert Balance(drawn=drawn, given=given_, wasted=wasted).is_even is (drawn == given_ + wasted)
    assert not Balance(drawn=drawn, given=None, wasted=wasted).is_even
