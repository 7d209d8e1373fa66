"""The app's state that stands in the address bar: every parameter of every page, in one table.

A control whose choice is worth keeping names a field of this table, and nothing else is written into a link.
Of a name there is one field: on all its pages it means the same. `docs/links.md` is made from this file.
"""

from __future__ import annotations

from widgets.shell.link_pictures import Mask, Picture
from widgets.shell.link_types import Choice, Flag, Number, Parameter, Several, Text, Texts, Whole

HOME, TRAIN, MAP, TRAVERSE = ("home",), ("train",), ("latent_map",), ("traverse",)
INTERPOLATE, INPAINT, CONDITIONAL = ("interpolate",), ("inpaint",), ("conditional",)
ALL = (*HOME, *TRAIN, *MAP, *TRAVERSE, *INTERPOLATE, *INPAINT, *CONDITIONAL)

# Pages that were called otherwise in older links.
OLD_PAGES = {"generate": "conditional"}

# (page, name in older links): its name today. Only `own` and `drawn`, pictures without pixels, are lost.
OLD_NAMES = {
    ("interpolate", "beside"): "compare",
    ("interpolate", "kept"): "saved",
    ("conditional", "do"): "conditional_do",
    ("conditional", "t"): "conditional_t",
    ("conditional", "seed"): "conditional_seed",
    ("conditional", "from"): "conditional_from",
    ("conditional", "to"): "conditional_to",
    ("conditional", "class"): "conditional_class",
    ("conditional", "slide"): "conditional_slide",
}
# (name today, value in older links): the value today.
OLD_VALUES = {("direction", "kept"): "saved"}

CODE = "one number for each latent dimension, with commas"
MOVES = "`dimension:value` of the moved sliders, with commas"

# --- shared ---------------------------------------------------------------------------------------

RUN = Choice(
    name="run",
    noun="run",
    pages=ALL,
    # An image's code is elsewhere in another run, its frames too, and the next run's settings follow it.
    resets=("image", "frame", "move", "move2", "recipe", "set"),
    sentence="The run in use.",
)
IMAGE = Picture(
    name="a",
    noun="image",
    pages=(*INTERPOLATE, *INPAINT, *CONDITIONAL),
    sentence="The image in use: A of a path, the one to complete, the one whose style or class is asked for.",
)
CLASS = Whole(
    name="class",
    noun="class",
    pages=(*TRAIN, *MAP),
    default=0,
    sentence="The class under which codes on a map are decoded.",
)

# --- Home, Train ----------------------------------------------------------------------------------

ALL_RUNS = Flag(
    name="all_runs",
    noun="list of runs",
    pages=HOME,
    default=False,
    sentence="All own runs are listed, not only the newest.",
)
RECIPE = Text(
    name="recipe",
    noun="recipe",
    pages=TRAIN,
    form="name of a recipe",
    sentence="The recipe that the settings of the next run begin with.",
)
SET = Texts(
    name="set",
    noun="setting",
    pages=TRAIN,
    form="`setting=value`, as often as needed",
    sentence="What the settings change of their recipe.",
)
LIVE_MAP = Flag(
    name="map",
    noun="map",
    pages=TRAIN,
    default=False,
    sentence="The latent map is shown while the run trains.",
)

# --- Latent map -----------------------------------------------------------------------------------

PLANE = Choice(
    name="plane",
    noun="plane",
    pages=MAP,
    options=("marginal", "pca", "slice"),
    default="marginal",
    sentence="Which plane of latent space the map shows.",
)
ACROSS = Whole(
    name="across", noun="dimension", pages=MAP, least=1, sentence="The latent dimension from left to right."
)
UP = Whole(name="up", noun="dimension", pages=MAP, least=1, sentence="The latent dimension upwards.")
RANGE = Choice(
    name="range",
    noun="range",
    pages=MAP,
    options=("4", "6", "8", "16", "32", "64"),
    default=4,
    sentence="How far the density is computed, in standard deviations of the prior.",
)
RATIO = Choice(
    name="ratio",
    noun="threshold",
    pages=MAP,
    options=("2", "3", "5", "10", "20", "50", "100", "1000"),
    default=10,
    sentence="How many times p(z) is above q(z) in a hole.",
)
Z = Text(name="z", noun="code", pages=MAP, form=CODE, quiet=True, sentence="The pinned code.")
PINNED = Text(
    name="image",
    noun="image",
    pages=MAP,
    form="number of an image",
    quiet=True,
    sentence="The image that is pinned on the map.",
)
LAYERS = Text(
    name="layers",
    noun="layers",
    pages=MAP,
    form="names of layers, with commas, or `none`",
    sentence="What is drawn on the map.",
)
VIEW = Text(
    name="view",
    noun="view",
    pages=MAP,
    form="centre and half the side: three numbers, with commas",
    quiet=True,
    sentence="Which part of the plane is on screen.",
)
SPACING = Choice(
    name="spacing",
    noun="spacing",
    pages=MAP,
    options=("linear", "quantile"),
    default="linear",
    sentence="How the codes of the decoded grid are spaced.",
)
FRAME = Text(
    name="frame",
    noun="step",
    pages=MAP,
    form="number of a frame",
    quiet=True,
    sentence="The moment of the training that is replayed.",
)
SHOW = Choice(
    name="show",
    noun="section",
    pages=MAP,
    options=("holes", "kl", "samples", "umap", "save"),
    default="holes",
    sentence="What stands below the map.",
)

# --- Traverse -------------------------------------------------------------------------------------

START_FROM = Choice(
    name="from",
    noun="start",
    pages=TRAVERSE,
    options=("image", "prior"),
    default="image",
    resets=("move", "move2"),
    sentence="Whether the sliders start from an image or from the prior's mean.",
)
START = Picture(
    name="start",
    noun="image",
    pages=TRAVERSE,
    resets=("move", "move2"),
    sentence="The image that sliders start from.",
)
REACH = Choice(
    name="reach",
    noun="range",
    pages=TRAVERSE,
    options=("2", "3", "4", "quantiles"),
    default="3",
    sentence="How far each dimension moves.",
)
WITH = Choice(
    name="with",
    noun="second run",
    pages=TRAVERSE,
    default="none",
    resets=("move2",),
    sentence="The run whose sliders stand beside the first one's.",
)
MOVE = Text(
    name="move", noun="sliders", pages=TRAVERSE, form=MOVES, quiet=True, sentence="Where the sliders stand."
)
MOVE_SECOND = Text(
    name="move2",
    noun="second sliders",
    pages=TRAVERSE,
    form=MOVES,
    quiet=True,
    sentence="Where the second run's sliders stand.",
)
LINKED = Flag(
    name="linked",
    noun="linking",
    pages=TRAVERSE,
    default=True,
    sentence="The sliders of two runs move together.",
)
DEAD = Flag(
    name="dead",
    noun="folding",
    pages=TRAVERSE,
    default=False,
    sentence="Hardly used dimensions are shown.",
)
NAMES = Text(
    name="names",
    noun="names",
    pages=TRAVERSE,
    form="the run, then `dimension:name`, with commas",
    sentence="Names of a shipped run's dimensions; those of own runs are kept with the run.",
)
NAMES_SECOND = Text(
    name="names2",
    noun="second names",
    pages=TRAVERSE,
    form=NAMES.form,
    sentence="The same of the second run.",
)
PART = Choice(
    name="part",
    noun="section",
    pages=TRAVERSE,
    options=("factors", "save"),
    default="factors",
    sentence="What stands below the board.",
)
OF = Choice(name="of", noun="run", pages=TRAVERSE, sentence="Of two runs, whose pictures are saved.")
FILM = Whole(
    name="film", noun="dimension", pages=TRAVERSE, least=1, sentence="The dimension of the GIF of one."
)

# --- Interpolate ----------------------------------------------------------------------------------

TAB = Choice(
    name="tab",
    noun="question",
    pages=INTERPOLATE,
    options=("path", "arithmetic"),
    default="path",
    sentence="A path between two images, or sums of codes.",
)
END = Picture(name="b", noun="image", pages=INTERPOLATE, sentence="B, where the path ends.")
WAY = Choice(
    name="way",
    noun="path",
    pages=INTERPOLATE,
    options=("linear", "spherical", "geodesic"),
    default="linear",
    sentence="The kind of path.",
)
COMPARE = Choice(
    name="compare",
    noun="second run",
    pages=INTERPOLATE,
    default="none",
    sentence="The run whose path stands below the first one's.",
)
T = Number(
    name="t",
    noun="place on the path",
    pages=INTERPOLATE,
    least=-0.5,
    most=1.5,
    default=0.5,
    quiet=True,
    sentence="Where on the path the slider stands: 0 is A, 1 is B.",
)
DIRECTION = Choice(
    name="direction",
    noun="direction",
    pages=INTERPOLATE,
    options=("difference", "class", "factor", "saved"),
    default="difference",
    sentence="What kind of direction is added to a code.",
)
OF_CLASS = Choice(
    name="of_class", noun="class", pages=INTERPOLATE, sentence="The class whose direction is added."
)
OF_FACTOR = Choice(
    name="of_factor", noun="factor", pages=INTERPOLATE, sentence="The factor whose direction is added."
)
SAVED = Text(
    name="saved",
    noun="saved direction",
    pages=INTERPOLATE,
    form="its name; of a shipped run also `~`, how it was made, `~`, and its numbers",
    sentence="The saved direction that is added.",
)
TIMES = Number(
    name="times",
    noun="amount",
    pages=INTERPOLATE,
    least=-0.5,
    most=1.5,
    default=1.0,
    quiet=True,
    sentence="How often A − B is added to C.",
)
AMOUNT = Number(
    name="amount",
    noun="amount",
    pages=INTERPOLATE,
    least=-3.0,
    most=3.0,
    default=1.0,
    quiet=True,
    sentence="How often another direction is added.",
)


class Operand:
    """The fields of one side of a sum: what it is, and which."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.kind = Choice(
            name=f"{name}_is",
            noun=f"kind of {title}",
            pages=INTERPOLATE,
            default="image",
            sentence=f"What {title} is: an image, the mean of a class, a group on the map, a value of a "
            "factor, or 0.",
        )
        self.image = Picture(
            name=name, noun="image", pages=INTERPOLATE, sentence=f"{title}, where it is an image."
        )
        self.corners = Text(
            name=f"{name}_in",
            noun=f"group of {title}",
            pages=INTERPOLATE,
            form="`x,y` of the corners, with semicolons",
            sentence=f"What was drawn around the codes of {title}.",
        )
        self.factor = Choice(
            name=f"{name}_factor",
            noun="factor",
            pages=INTERPOLATE,
            resets=(f"{name}_at",),
            sentence=f"The factor of {title}.",
        )
        self.value = Text(
            name=f"{name}_at",
            noun="value",
            pages=INTERPOLATE,
            form="a value, or the two ends of a range with a comma",
            sentence=f"The value of the factor of {title}.",
        )

    @property
    def fields(self) -> tuple[Parameter, ...]:
        return self.kind, self.image, self.corners, self.factor, self.value


PLUS, MINUS, TO = Operand("plus", "A"), Operand("minus", "B"), Operand("to", "C")

# --- Inpaint --------------------------------------------------------------------------------------

DO = Choice(
    name="do",
    noun="question",
    pages=INPAINT,
    options=("inpaint", "denoise", "anomaly"),
    default="inpaint",
    sentence="What is asked of the image.",
)
HIDE = Mask(
    name="hide",
    noun="mask",
    pages=INPAINT,
    options=(
        "right half",
        "left half",
        "upper half",
        "lower half",
        "centre",
        "stripes",
        "random 25 %",
        "random 50 %",
        "random 75 %",
    ),
    default="right half",
    sentence="Which pixels are hidden.",
)
METHOD = Choice(name="method", noun="method", pages=INPAINT, sentence="How completions are found.")
COUNT = Choice(
    name="k",
    noun="number of completions",
    pages=INPAINT,
    options=("4", "8", "16", "32", "64"),
    default=16,
    sentence="How many completions are made.",
)
SEED = Whole(
    name="seed",
    noun="seed",
    pages=INPAINT,
    most=9999,
    default=0,
    sentence="The seed of completions and of noise.",
)
CONDITION = Choice(
    name="as", noun="class", pages=INPAINT, sentence="The class under which a model of classes completes."
)
METHODS = Flag(
    name="methods",
    noun="comparison",
    pages=INPAINT,
    default=False,
    sentence="All methods are compared on this mask.",
)
NOISE = Choice(
    name="noise",
    noun="noise",
    pages=INPAINT,
    options=("erased", "salt_and_pepper", "gaussian"),
    default="salt_and_pepper",
    sentence="The kind of noise.",
)
STRENGTH = Whole(
    name="strength",
    noun="strength",
    pages=INPAINT,
    most=100,
    default=30,
    sentence="The strength of the noise in per cent.",
)
AGAINST = Choice(
    name="against", noun="set", pages=INPAINT, sentence="The foreign images of the anomaly's histogram."
)

# --- Conditional ----------------------------------------------------------------------------------

CONDITIONAL_DO = Choice(
    name="conditional_do",
    noun="question",
    pages=CONDITIONAL,
    options=("samples", "styles", "slide", "classifier", "measures"),
    default="samples",
    sentence="What is shown of the model of classes.",
)
CLASSES = Several(
    name="classes", noun="classes", pages=CONDITIONAL, sentence="The classes that are drawn; none are all."
)
TEMPERATURE = Whole(
    name="conditional_t",
    noun="temperature",
    pages=CONDITIONAL,
    most=150,
    default=100,
    sentence="The temperature of samples in per cent.",
)
CONDITIONAL_SEED = Whole(
    name="conditional_seed",
    noun="seed",
    pages=CONDITIONAL,
    most=9999,
    default=0,
    sentence="The seed of samples.",
)
BLEND_FROM = Choice(
    name="conditional_from", noun="class", pages=CONDITIONAL, sentence="The class that a blend begins with."
)
BLEND_TO = Choice(
    name="conditional_to", noun="class", pages=CONDITIONAL, sentence="The class that a blend ends with."
)
SLIDER_CLASS = Choice(
    name="conditional_class",
    noun="class",
    pages=CONDITIONAL,
    default=0,
    sentence="The class that is held while sliders move.",
)
SLIDE = Text(
    name="conditional_slide",
    noun="sliders",
    pages=CONDITIONAL,
    form=MOVES,
    quiet=True,
    sentence="Where the sliders under a class stand.",
)
SLIDE_DEAD = Flag(
    name="conditional_dead",
    noun="folding",
    pages=CONDITIONAL,
    default=False,
    sentence="Hardly used dimensions are shown under a class.",
)


def _collect() -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for value in list(globals().values()):
        if isinstance(value, Parameter):
            found.append(value)
        elif isinstance(value, Operand):
            found.extend(value.fields)
    return tuple(found)


TABLE: tuple[Parameter, ...] = _collect()
BY_NAME: dict[str, Parameter] = {field.name: field for field in TABLE}


def of_page(page: str) -> tuple[Parameter, ...]:
    """The parameters of a page's link, in the order of the table."""
    return tuple(field for field in TABLE if page in field.pages)
