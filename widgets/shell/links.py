"""The app's state that stands in the address bar: every parameter of every page, in one table.

A control whose choice is worth keeping names a field of this table, and nothing else is written into a link.
Of a name there is one field: on all its pages it means the same. `docs/links.md` is made from this file.
"""

from __future__ import annotations

from dataclasses import dataclass

from widgets.shell.link_pictures import Mask, Picture
from widgets.shell.link_types import Choice, Flag, Number, Parameter, Several, Text, Texts, Whole

HOME, TRAIN, MAP, TRAVERSE = ("home",), ("train",), ("latent_map",), ("traverse",)
SIDE_BY_SIDE = ("compare",)
MAPS = (*MAP, *SIDE_BY_SIDE)
INTERPOLATE, INPAINT, GENERATE = ("interpolate",), ("inpaint",), ("generate",)
GLOSSARY = ("glossary",)
ALL = (*HOME, *TRAIN, *MAPS, *TRAVERSE, *INTERPOLATE, *INPAINT, *GENERATE, *GLOSSARY)

# Pages that were called otherwise in older links.
OLD_PAGES = {"conditional": "generate"}

# (page, name in older links): its name today. Only `own` and `drawn`, pictures without pixels, are lost.
OLD_NAMES = {
    ("interpolate", "beside"): "compare",
    ("interpolate", "kept"): "saved",
    ("generate", "do"): "generate_do",
    ("generate", "t"): "generate_t",
    ("generate", "seed"): "generate_seed",
    ("generate", "from"): "generate_from",
    ("generate", "to"): "generate_to",
    ("generate", "class"): "generate_class",
    ("generate", "slide"): "generate_slide",
    ("generate", "conditional_do"): "generate_do",
    ("generate", "conditional_t"): "generate_t",
    ("generate", "conditional_seed"): "generate_seed",
    ("generate", "conditional_from"): "generate_from",
    ("generate", "conditional_to"): "generate_to",
    ("generate", "conditional_class"): "generate_class",
    ("generate", "conditional_slide"): "generate_slide",
    ("generate", "conditional_dead"): "generate_dead",
}
# (page, name in older links) of what is always there today, or is shown on another page.
GONE = {("train", "map"), ("latent_map", "b")}
# (name today, value in older links): the value today.
OLD_VALUES = {("direction", "kept"): "saved"}

CODE = "one number for each latent dimension, with commas"
MOVES = "`dimension:value` of the moved sliders, with commas"

# fmt: off
# --- shared -----------------------------------------------------------------------------------------

# In another run an image's code is elsewhere, the frames are others, and the next run's settings follow it.
RUN = Choice("run", ALL, "run", "The run in use.",
    resets=("image", "q", "frame", "move", "move2", "recipe", "set", "codes", "hidden", "cell"))
IMAGE = Picture("a", (*MAPS, *INTERPOLATE, *INPAINT, *GENERATE), "image",
    "The image in use: the one whose posterior is shown, the one that all maps encode, A of a path, the one "
    "to complete, the one whose style or class is asked for, the one whose map of codes or "
    "categories is shown.",
    resets=("q", "codes", "hidden"))
CLASS = Whole("class", (*TRAIN, *MAPS), "class", "The class under which codes on a map are decoded.",
    default=0)
TOUR = Choice("tour", ALL, "tour", "The tour that is open beside the page.", options=("first",),
    resets=("step", "guess"))
STEP = Whole("step", ALL, "step of the tour", "The step of the tour.", least=1, default=1, resets=("guess",))
GUESS = Whole("guess", ALL, "guess", "The answer that was given to the step's question; 1 is the right one.",
    least=1)

PIXELS = Choice("pixels", (*TRAIN, *MAPS, *TRAVERSE, *INTERPOLATE, *INPAINT, *GENERATE), "pixels",
    "Whether decoded pixels are means of p(x|z), its modes, or drawn from it.",
    options=("means", "modes", "drawn"), default="means")

UNIT = Choice("unit", (*TRAIN, *MAPS), "unit", "Whether the numbers of a run are in nats or in bits.",
    options=("nats", "bits"), default="nats")

# --- Home, Train ------------------------------------------------------------------------------------

LIST = Choice("list", HOME, "list", "Whether runs are cards or lines of a table.", options=("cards", "table"),
    default="cards")
MORE = Flag("more", HOME, "all shipped models", "All shipped models are shown, not only the featured ones.",
    default=False)
ONLY_IMAGES = Choice("only_images", HOME, "images", "Of which images the models are that are listed.",
    default="any")
ONLY_DIMENSIONS = Choice("only_dimensions", HOME, "latent size",
    "How many latent dimensions the models have that are listed.", default="any")
ONLY_KIND = Choice("only_kind", HOME, "kind of model", "Of which kind the models are that are listed.",
    default="any")
ALL_RUNS = Flag("all_runs", HOME, "all own runs", "All own runs are listed, not only the newest.",
    default=False, resets=("runs_page",))
RUNS_PAGE = Whole("runs_page", HOME, "page of the list", "The page of the list of all own runs.", least=1,
    default=1)
RECIPE = Text("recipe", TRAIN, "recipe", "The recipe that the settings of the next run begin with.",
    form="name of a recipe")
SET = Texts("set", TRAIN, "setting", "What the settings change of their recipe.",
    form="`setting=value`, as often as needed")
GROUND = Choice("ground", TRAIN, "ground", "What lies under the codes of the live map.",
    options=("codes", "density", "decoded"), default="density")

# --- Latent map, Compare ----------------------------------------------------------------------------

PLANE = Choice("plane", MAP, "plane", "Which plane of latent space the map shows.",
    options=("marginal", "pca", "slice"), default="marginal")
ACROSS = Whole("across", MAP, "dimension", "The latent dimension from left to right.", least=1)
UP = Whole("up", MAP, "dimension", "The latent dimension upwards.", least=1)
RANGE = Choice("range", MAPS, "range",
    "How far the density is computed, in standard deviations of the prior.",
    options=("4", "6", "8", "12", "16", "24", "32", "64"))
PRIOR = Choice("prior", MAP, "prior", "Whether the map's prior is the run's own or N(0, I).",
    options=("own", "standard"), default="own")
RATIO = Choice("ratio", MAPS, "threshold", "How many times p(z) is above q(z) in a hole.",
    options=("2", "3", "5", "10", "20", "50", "100", "1000"), default=10)
Z = Text("z", MAP, "code", "The pinned code.", form=CODE, quiet=True)
PINNED = Text("image", MAP, "image", "The image that is pinned on the map.", form="number of an image",
    quiet=True, resets=("a", "q"))
LAYERS = Text("layers", MAPS, "layers", "What is drawn on the map.",
    form="names of layers, with commas, or `none`")
VIEW = Text("view", MAPS, "view", "Which part of the plane is on screen.",
    form="centre and half the side: three numbers, with commas", quiet=True)
SPACING = Choice("spacing", MAPS, "spacing", "How the codes of the decoded grid are spaced.",
    options=("linear", "quantile"), default="linear")
FRAME = Text("frame", MAPS, "step", "The moment of the training that is replayed.", form="number of a frame",
    quiet=True)
SHOW = Choice("show", MAP, "section", "What stands below the map.",
    options=("holes", "gap", "bound", "kl", "samples", "pseudo", "umap", "save"), default="holes")
Q = Text("q", MAP, "q", "Where the hand has moved q(z|x), beside the true posterior.",
    form="mean and deviation of each dimension, with commas", quiet=True)

CHANGED_CODES = Text("codes", (*MAP, *TRAVERSE), "codes",
    "The cells of a code map whose code is not the encoder's; the groups whose category is not the start's.",
    form="`cell-code`, joined by `_`; cells and groups count from 1, cells row by row, and on from the top "
    "level to the bottom, codes from 0",
    quiet=True)
HIDDEN_CELLS = Text("hidden", MAP, "hidden cells", "The cells that the prior is to write.",
    form="numbers of cells or `first-last`, joined by `_`", quiet=True)
CELL = Whole("cell", MAP, "cell", "The chosen cell of the code map, at first the middle one; the "
    "chosen group of the category map, at first the one of most KL.", least=1,
    quiet=True)

RUNS = Text("runs", SIDE_BY_SIDE, "runs", "The runs whose maps stand side by side, at most four.",
    form="names, with commas", resets=("frame",))
SAME = Choice("same", SIDE_BY_SIDE, "comparison",
    "Whether all maps show the same place, or the codes of the same image.", options=("place", "image"),
    default="place")
PLACE = Text("at", SIDE_BY_SIDE, "place", "The place that is pinned on all maps.",
    form="two numbers, with a comma", quiet=True)

# --- Traverse ---------------------------------------------------------------------------------------

START_FROM = Choice("from", TRAVERSE, "start",
    "Whether the sliders start from an image or from the prior's mean, of categories from a draw of it.",
    options=("image", "prior"), default="image", resets=("move", "move2", "codes"))
START = Picture("start", TRAVERSE, "image", "The image that sliders start from.",
    resets=("move", "move2", "codes"))
REACH = Choice("reach", TRAVERSE, "range", "How far each dimension moves.",
    options=("2", "3", "4", "quantiles"), default="3")
WITH = Choice("with", TRAVERSE, "second run", "The run whose sliders stand beside the first one's.",
    default="none", resets=("move2",))
MOVE = Text("move", TRAVERSE, "sliders", "Where the sliders stand.", form=MOVES, quiet=True)
MOVE_SECOND = Text("move2", TRAVERSE, "second sliders", "Where the second run's sliders stand.", form=MOVES,
    quiet=True)
LINKED = Flag("linked", TRAVERSE, "linked sliders", "The sliders of two runs move together.", default=True)
DEAD = Flag("dead", TRAVERSE, "hardly used dimensions", "Hardly used dimensions are shown.", default=False)
NAMES = Text("names", TRAVERSE, "names",
    "Names of a shipped run's dimensions; those of own runs are kept with the run.",
    form="the run, then `dimension:name`, with commas")
NAMES_SECOND = Text("names2", TRAVERSE, "second names", "The same of the second run.", form=NAMES.form)
PART = Choice("part", TRAVERSE, "section", "What stands below the board.", options=("factors", "save"),
    default="factors")
OF = Choice("of", TRAVERSE, "run", "Of two runs, whose pictures are saved.")
FILM = Whole("film", TRAVERSE, "dimension", "The dimension of the GIF of one.", least=1)

# --- Interpolate ------------------------------------------------------------------------------------

TAB = Choice("tab", INTERPOLATE, "question", "A path between two images, a grid between four, or sums "
    "of codes.", options=("path", "grid", "arithmetic"), default="path")
END = Picture("b", INTERPOLATE, "image", "B, where the path ends.")
LOWER_LEFT = Picture("c", INTERPOLATE, "image", "C, the lower left corner of the grid.")
LOWER_RIGHT = Picture("d", INTERPOLATE, "image", "D, the lower right corner of the grid.")
GRID_WAY = Choice("grid_way", INTERPOLATE, "grid", "How codes go from corner to corner.",
    options=("linear", "spherical"), default="linear")
STOPS = Whole("stops", INTERPOLATE, "number of stops", "How many images the path passes from A to B.", most=6,
    default=0)
STOP = tuple(
    Picture(f"stop{k}", INTERPOLATE, "image", f"The image that the path passes as number {k}.")
    for k in range(1, 7)
)
SURPRISE = Whole("surprise", INTERPOLATE, "seed", "The seed of the images that were drawn at random.",
    most=9999)
WAY = Choice("way", INTERPOLATE, "path", "The kind of path.", options=("linear", "spherical", "geodesic"),
    default="linear")
UNDER = Choice("under", INTERPOLATE, "class", "The class under which a model of classes decodes: it travels "
    "from that of each image to that of the next (`travels`), is that of A (`a`) or of B (`b`), or its "
    "number.", default="travels")
ORDER = Choice("order", INTERPOLATE, "order",
    "In which order cells of a grid of codes, or groups of categories, of A give way to B's.",
    options=("top", "bottom", "raster", "kl", "difference", "random"))
COMPARE = Choice("compare", INTERPOLATE, "second run", "The run whose path stands below the first one's.",
    default="none")
T = Number("t", INTERPOLATE, "place on the path", "Where on the path the slider stands: 0 is A, 1 is B.",
    least=-0.5, most=1.5, default=0.5, quiet=True)
DIRECTION = Choice("direction", INTERPOLATE, "direction", "What kind of direction is added to a code.",
    options=("difference", "class", "factor", "saved"), default="difference")
OF_CLASS = Choice("of_class", INTERPOLATE, "class", "The class whose direction is added.")
OF_FACTOR = Choice("of_factor", INTERPOLATE, "factor", "The factor whose direction is added.")
SAVED = Text("saved", INTERPOLATE, "saved direction", "The saved direction that is added.",
    form="its name; of a shipped run also the run, its numbers in base64, and how it was made")
TIMES = Number("times", INTERPOLATE, "amount", "How often A − B is added to C.", least=-0.5, most=1.5,
    default=1.0, quiet=True)
AMOUNT = Number("amount", INTERPOLATE, "amount", "How often another direction is added.", least=-3.0,
    most=3.0, default=1.0, quiet=True)


class Operand:
    """The fields of one side of a sum: what it is, and which."""

    def __init__(self, name: str, title: str) -> None:
        self.name = name
        self.kind = Choice(f"{name}_is", INTERPOLATE, f"kind of {title}",
            f"What {title} is: an image, the mean of a class, a group on the map, a value of a factor, or 0.",
            default="image")
        self.image = Picture(name, INTERPOLATE, "image", f"{title}, where it is an image.")
        self.corners = Text(f"{name}_in", INTERPOLATE, f"group of {title}",
            f"What was drawn around the codes of {title}.", form="`x,y` of the corners, with semicolons")
        self.factor = Choice(f"{name}_factor", INTERPOLATE, "factor", f"The factor of {title}.",
            resets=(f"{name}_at",))
        self.value = Text(f"{name}_at", INTERPOLATE, "value", f"The value of the factor of {title}.",
            form="a value, or the two ends of a range with a comma")

    @property
    def fields(self) -> tuple[Parameter, ...]:
        return self.kind, self.image, self.corners, self.factor, self.value


PLUS, MINUS, TO = Operand("plus", "A"), Operand("minus", "B"), Operand("to", "C")

# --- Inpaint ----------------------------------------------------------------------------------------

DO = Choice("do", INPAINT, "question", "What is asked of the image.",
    options=("inpaint", "denoise", "anomaly"), default="inpaint")
HIDE = Mask("hide", INPAINT, "mask", "Which pixels are hidden.",
    options=("right half", "left half", "upper half", "lower half", "centre", "stripes",
        "random 25 %", "random 50 %", "random 75 %"),
    default="right half")
METHOD = Choice("method", INPAINT, "method", "How completions are found.")
LENGTH = Choice("length", INPAINT, "draws of a chain", "How many draws of each chain are counted.",
    options=("50", "100", "200", "400", "800", "1600", "3200"), default=200)
BESIDE = Choice("beside", INPAINT, "second result", "The method or the run that stands beside the first one.",
    default="none")
COUNT = Choice("k", INPAINT, "number of completions", "How many completions are made.",
    options=("4", "8", "16", "32", "64"), default=16)
SEED = Whole("seed", (*TRAVERSE, *INTERPOLATE, *INPAINT), "seed",
    "The seed of completions and of noise, of drawn categories, and of a random order.", most=9999, default=0)
CONDITION = Choice("as", INPAINT, "class", "The class under which a model of classes completes.")
METHODS = Flag("methods", INPAINT, "all methods", "All methods are compared on this mask.", default=False)
NOISE = Choice("noise", INPAINT, "noise", "The kind of noise.",
    options=("erased", "salt_and_pepper", "gaussian", "block"), default="salt_and_pepper")
STRENGTH = Whole("strength", INPAINT, "strength", "The strength of the noise in per cent.", most=100,
    default=10)
AGAINST = Choice("against", INPAINT, "set", "The foreign images that anomalies are held against.",
    default="blank")

# --- Generate ---------------------------------------------------------------------------------------

GENERATE_DO = Choice("generate_do", GENERATE, "question",
    "What is shown: samples of any run, or one of the questions to a model of classes, first `samples`.",
    options=("sheet", "samples", "styles", "slide", "classifier", "measures"))
CODES_FROM = Choice("codes_from", GENERATE, "codes",
    "Whether codes of samples are drawn through the posteriors of test images, from the prior, or both; of "
    "a codebook's, from the prior, uniformly, or both.",
    options=("both", "posteriors", "prior", "uniform"), default="both")
CLASSES = Several("classes", GENERATE, "classes", "The classes that are drawn; none are all.")
TEMPERATURE = Whole("generate_t", GENERATE, "temperature", "The temperature of samples in per cent.",
    most=150, default=100)
SAMPLES_SEED = Whole("generate_seed", GENERATE, "seed", "The seed of samples.", most=9999,
    default=0)
BLEND_FROM = Choice("generate_from", GENERATE, "class", "The class that a blend begins with.")
BLEND_TO = Choice("generate_to", GENERATE, "class", "The class that a blend ends with.")
SLIDER_CLASS = Choice("generate_class", GENERATE, "class", "The class that is held while sliders move.",
    default=0)
SLIDE = Text("generate_slide", GENERATE, "sliders", "Where the sliders under a class stand.",
    form=MOVES, quiet=True)
SLIDE_DEAD = Flag("generate_dead", GENERATE, "hardly used dimensions",
    "Hardly used dimensions are shown under a class.", default=False)

# --- Glossary ---------------------------------------------------------------------------------------

TERM = Text("term", GLOSSARY, "term", "The term that is explained.", form="its key in the glossary",
    default="elbo")
FIND = Text("find", GLOSSARY, "search", "What is looked for in the glossary.", form="words")
# fmt: on


def _collect() -> tuple[Parameter, ...]:
    found: list[Parameter] = []
    for value in list(globals().values()):
        if isinstance(value, Parameter):
            found.append(value)
        elif isinstance(value, Operand):
            found.extend(value.fields)
        elif isinstance(value, tuple):
            found.extend(each for each in value if isinstance(each, Parameter))
    return tuple(found)


TABLE: tuple[Parameter, ...] = _collect()


def of_page(page: str) -> tuple[Parameter, ...]:
    """The parameters of a page's link, in the order of the table."""
    return tuple(field for field in TABLE if page in field.pages)


# --- what no link holds ---------------------------------------------------------------------------


@dataclass(frozen=True)
class NotInLinks:
    """A choice that is worth keeping and that no link holds. kept: where it is. sentence: a piece of what the
    page says of it."""

    choice: str
    pages: tuple[str, ...]
    kept: str
    sentence: str


NOT_IN_LINKS = (
    NotInLinks(
        "A picture of one's own",
        (*TRAVERSE, *INTERPOLATE, *INPAINT, *GENERATE),
        "in the browser; the link points to it",
        "The picture stays in this browser",
    ),
    NotInLinks(
        "The directions saved of a shipped run",
        INTERPOLATE,
        "in the browser; the link holds the one in use",
        "what you keep stays in this browser",
    ),
    NotInLinks(
        "One's own images to train on",
        TRAIN,
        "with the run that was trained",
        "A link names no files of this machine",
    ),
    NotInLinks(
        "The moment of the training that the board replays", TRAIN, "nowhere", "A link opens at the last step"
    ),
    NotInLinks("The board's Fit", TRAIN, "nowhere", "A link does not hold it"),
    NotInLinks("The moment of the chains that is shown", INPAINT, "nowhere", "A link opens at the last draw"),
    NotInLinks("Draws of the posterior on the map", MAP, "nowhere", "A link does not hold draws"),
    NotInLinks("Presenting", ALL, "in the tab", "No link holds it"),
)
