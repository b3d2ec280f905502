"""A notebook shows a graph as the picture that ``ng.svg`` makes."""

import namgraph as ng


def test_a_graph_is_shown_as_its_picture() -> None:
    graph = ng.load_preset("crunch")
    assert graph._repr_svg_() == ng.svg(graph)
    assert str(graph._repr_svg_()).startswith("<svg ")
    assert ng.Graph()._repr_svg_() == ng.svg(ng.Graph())


def test_a_loop_has_no_picture_and_is_shown_as_text() -> None:
    graph = ng.Graph()
    first, second = graph.add("a", ng.Gain()), graph.add("b", ng.Gain())
    first >> second >> first
    assert graph._repr_svg_() is None
    assert "a: Gain" in repr(graph)
