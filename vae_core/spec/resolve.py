"""What only the images can say of a user's own images: how large they are, and which classes they have."""

from __future__ import annotations

from vae_core.data import catalogue
from vae_core.data.dataset import Refusal
from vae_core.spec.settings import SpecError
from vae_core.spec.whole import Spec


def resolve(spec: Spec) -> Spec:
    """The Spec with shape and classes of its images, for which users' own are looked at on the disk.

    For whoever is about to train: a form, the command line, a worker. The Spec of a run that exists says
    everything itself. Raises SpecError, a sentence, where the images cannot be used.
    """
    if spec.resolved:
        return spec
    source = spec.data
    try:
        shape = source.image_shape or catalogue.image_shape(
            source.name, source.path, source.height, source.width, source.grey
        )
        classes = source.classes
        if classes is None and catalogue.is_own(source.name):
            # Kept with the run also where its model is told no class: its maps name them.
            classes = catalogue.class_names(source.name, source.path)
            if len(classes) < 2 and spec.condition.kind == "class":
                raise Refusal(
                    f"condition.kind: the images of {source.name} have no labels of two or more classes, and "
                    "this model is told each image's class; choose labelled images"
                )
    except Refusal as refusal:
        raise SpecError(f"{refusal}.") from None
    known = classes if classes is not None and len(classes) > 1 else None
    found = source.model_dump(mode="json") | {"image_shape": shape, "classes": known}
    return Spec.parse(spec.model_dump(mode="json") | {"data": found})
