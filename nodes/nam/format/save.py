"""Write a model to a file: ``save_nam``.  Control threads only."""

import hashlib
import os
from typing import Any

from ....graph.errors import NamFileError, NamReadError, ParamError
from ....graph.paths import checked_path, describe_value
from ....runtime.io.atomic_write import whole_file, writing
from ....runtime.io.file_kind import MODEL
from ....runtime.io.regular_file import check_plain
from ..model.model import Model
from .load import read_content

__all__ = ["content_of_model", "save_nam"]


def save_nam(model: Model, path: str | os.PathLike[str]) -> None:
    """Write a model to a file, whole or not at all: the bytes of the file that was read.

    ``model`` is what ``load_nam`` or ``load_capture`` returned; of a ``dict`` the JSON is written.
    A capture of another format stays in it: to a name in .nam only ``bake`` writes it.  Raises
    ``NamFileError`` if it cannot be written, if the file that the model was read from has changed
    since, or if ``model`` is one size of another model.
    """
    if not isinstance(model, Model):
        found: Any = model
        raise ParamError(f"model is {describe_value(found)}: must be {Model.described}")
    path = checked_path(path, "path", NamFileError)
    if model.kind != MODEL and path.lower().endswith(".nam"):
        raise NamFileError(
            f"{path}: the model, {model.label}, is {model.kind}: namgraph.bake writes it as a .nam"
        )
    content = content_of_model(model)
    with whole_file(path, NamFileError) as part, writing(path, NamFileError):
        part.write_bytes(content)


def content_of_model(model: Model) -> bytes:
    """Return the bytes a whole model was read from; read again from a file, and checked."""
    if model.content is not None:
        return model.content
    if not os.path.isabs(model.source):
        raise NamFileError(
            f"model is {model.label}: must be a whole model, as load_nam returns, and no size of it"
        )
    status = check_plain(model.source, NamReadError, wanted=MODEL)
    try:
        content = read_content(model.source, status.st_size)
    except OSError as error:
        reason = error.strerror or error
        raise NamReadError(f"{model.source}: cannot be read: {reason}") from None
    except NamFileError as error:
        raise error.within(model.source) from None
    if hashlib.sha256(content).hexdigest() != model.digest:
        raise NamFileError(f"{model.source}: has changed since the model was read: load it again")
    return content
