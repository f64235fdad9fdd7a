"""Names of people are any texts: they have one order, whatever the order in which they come."""

from hypothesis import example, given
from hypothesis import strategies as st

from emofusion.people import in_natural_order, normal

NAMES = st.text(st.characters() | st.sampled_from("0123456789٣ _-."), max_size=8)


@given(st.lists(NAMES, max_size=6, unique=True), st.randoms(use_true_random=False))
@example(["9" * 5000, "10", "9", "a10", "a9"], None)
def test_names_have_one_order(names, random):
    ordered = in_natural_order(names)
    mixed = list(names)
    if random is not None:
        random.shuffle(mixed)
    assert in_natural_order(mixed) == ordered and sorted(ordered) == sorted(names)


@given(st.integers(0, 10**9), st.integers(0, 4), st.sampled_from(["P {}", "p_{}", "P-{}", " p  {} ", "Ｐ{}"]))
def test_spellings_of_a_number_are_one_person(number, zeros, form):
    written = form.format("0" * zeros + str(number))
    assert normal(written) == (f"p{number}" if form == "Ｐ{}" else f"p {number}")
