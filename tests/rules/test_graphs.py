"""Impact graphs: a column for each step, nobody on top of another."""

from app.rules.graphs import BOX_HEIGHT, BOX_WIDTH, Place, drawing


def test_each_step_is_a_column_and_no_box_covers_another() -> None:
    found = drawing([Place(1, 0, None), Place(2, 1, 1), Place(3, 1, 1), Place(4, 2, 3), Place(5, 2, 2)])
    assert [found.boxes[each][0] for each in (1, 2, 3, 4, 5)] == sorted(found.boxes[each][0] for each in (1, 2, 3, 4, 5))
    assert found.boxes[5][1] < found.boxes[4][1]  # it stands on the upper one
    assert len(set(found.boxes.values())) == 5
    assert len(found.lines) == 4
    assert found.width == max(x for x, _ in found.boxes.values()) + BOX_WIDTH
    assert found.height == max(y for _, y in found.boxes.values()) + BOX_HEIGHT


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawing([]).lines == []
