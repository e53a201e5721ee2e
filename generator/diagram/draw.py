"""Draw the architecture: the one thing that others call."""

from collections.abc import Mapping

from generator.diagram.drawing.arrange import arrange
from generator.diagram.drawing.paint import paint
from generator.diagram.drawing.plan import plan
from generator.diagram.drawing.routes import routes
from generator.diagram.reading.picture import read


def draw(files: Mapping[str, str]) -> str:
    """Return rendered templates, as YAML by file name, as one SVG; the same templates give the same bytes.

    Raises yaml.YAMLError when a text is not YAML.
    """
    architecture = read(files)
    planned = plan(architecture)
    layout = arrange(architecture, planned)
    return paint(architecture, layout, routes(architecture, layout, planned))
