"""Axes through a reshape: which of them stay whole, which are mixed, and in which other order they would fit."""

from __future__ import annotations

from gradbook.coach.rules.reshapes import Axis, fresh, order_of, part, split


def sizes(layout: tuple[tuple[Axis, ...], ...]) -> list[list[int]]:
    return [[axis.size for axis in axes] for axes in layout]


def test_whole_axes_are_joined_and_cut_again_under_their_names() -> None:
    given = fresh((4, 6, 5))
    joined, mixed = split(given, (24, 5))
    assert not mixed
    assert joined[0] == (*given[0], *given[1])
    again, mixed = split(joined, (4, 6, 5))
    assert not mixed
    assert again == given


def test_one_axis_is_split_into_its_parts() -> None:
    given = fresh((4, 6, 12))
    heads, mixed = split(given, (4, 6, 3, 4))
    assert not mixed
    assert heads[:2] == given[:2]
    assert sizes(heads) == [[4], [6], [3], [4]]
    assert all(axes[0].whole is given[2][0] for axes in heads[2:])
    folded, mixed = split((*heads[1:2], heads[0], *heads[2:]), (6, 12, 4))  # heads of all samples, as attention does
    assert not mixed
    assert folded[1] == (heads[0][0], heads[2][0])


def test_a_view_in_the_place_of_a_transpose_mixes_two_axes() -> None:
    for shape in ((32, 8, 5), (6, 4, 5)):  # one divides the other, or not
        given = fresh(shape)
        _, mixed = split(given, (shape[1], shape[0], 5))
        involved = {axis for each in mixed for axis in (each.axis, *each.others)}
        assert given[0][0] in involved
        order = order_of(given, (shape[1], shape[0], 5), False)
        assert order == [[given[1][0]], [given[0][0]], [given[2][0]]]


def test_states_of_two_directions_side_by_side_are_layers_and_samples_mixed() -> None:
    given = fresh((2, 8, 5))
    _, mixed = split(given, (8, 10))
    assert mixed
    assert order_of(given, (8, 10), False) is None
    assert order_of(given, (8, 10), True) == [[given[1][0]], [given[0][0], given[2][0]]]


def test_the_order_that_there_is_already_is_no_other_one() -> None:
    given = fresh((4, 6, 5))
    assert order_of(given, (24, 5), True) is None
    assert order_of(given, (7, 7), True) is None


def test_a_part_of_samples_is_samples() -> None:
    given = fresh((10, 3))
    given[0][0].rows = True
    assert part(given[0], 10) == given[0]
    (some,) = part(given[0], 4)
    assert some.rows
    assert some.size == 4
    assert part(given[0], 1) == ()


def test_what_is_empty_has_no_axes_to_mix() -> None:
    made, mixed = split(fresh((0, 5)), (5, 0))
    assert sizes(made) == [[5], [0]]
    assert not mixed
